// A word diff. Tokens are a word with the white space after it: with white space as tokens of its own the search
// becomes quadratic in practice. The search is Myers' greedy one on what differs between the common ends.

const MAX_EDITS = 1200; // beyond it the texts have little in common: the middle is shown as replaced

export const words = (text) => text.match(/^\s+|\S+\s*/g) || [];

/**
 * [{op: "same" | "del" | "ins", text}] that turn `before` into `after`.
 *
 * A last word without white space after it gets a blank while they are compared, so that it equals the same word in
 * the middle of the other text; the blank is not shown at the end.
 */
export function wordDiff(before, after) {
  const parts = compare(words(padded(before)), words(padded(after)));
  if (padded(after) !== after) {
    const last = parts.at(-1);
    if (last.op !== "del") last.text = last.text.slice(0, -1);
  }
  return parts;
}

const padded = (text) => (/\S$/.test(text) ? `${text} ` : text);

function compare(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let aEnd = a.length;
  let bEnd = b.length;
  while (aEnd > start && bEnd > start && a[aEnd - 1] === b[bEnd - 1]) { aEnd -= 1; bEnd -= 1; }
  return merge([
    ["same", a.slice(0, start)],
    ...middle(a.slice(start, aEnd), b.slice(start, bEnd)),
    ["same", a.slice(aEnd)],
  ]);
}

/** How much was changed: words taken out, words put in, of how many. */
export function amount(parts, before) {
  const count = (op) => parts.filter((part) => part.op === op).reduce((n, part) => n + words(part.text).length, 0);
  return { out: count("del"), put: count("ins"), of: words(before).length };
}

function middle(a, b) {
  if (!a.length || !b.length) return [["del", a], ["ins", b]];
  const trace = search(a, b);
  return trace ? walkBack(a, b, trace) : [["del", a], ["ins", b]];
}

// For each number of edits d, the furthest reach on each diagonal k (x - y), until both ends are met.
function search(a, b) {
  const most = Math.min(a.length + b.length, MAX_EDITS);
  const reach = new Int32Array(2 * most + 3);
  const at = (k) => k + most + 1;
  const trace = [];
  for (let d = 0; d <= most; d += 1) {
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[at(k - 1)] < reach[at(k + 1)]);
      let x = down ? reach[at(k + 1)] : reach[at(k - 1)] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach[at(k)] = x;
      if (x >= a.length && x - k >= b.length) return trace;
    }
    trace.push(reach.slice(at(-d), at(d) + 1)); // diagonals -d … d
  }
  return null;
}

function walkBack(a, b, trace) {
  const steps = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length; d > 0; d -= 1) {
    const before = trace[d - 1];
    const far = (k) => (Math.abs(k) > d - 1 ? -1 : before[k + d - 1]);
    const k = x - y;
    const down = k === -d || (k !== d && far(k - 1) < far(k + 1));
    const fromX = down ? far(k + 1) : far(k - 1);
    const fromY = fromX - (down ? k + 1 : k - 1);
    while (x > fromX + (down ? 0 : 1) && y > fromY + (down ? 1 : 0)) { x -= 1; y -= 1; steps.push(["same", [a[x]]]); }
    if (down) { y -= 1; steps.push(["ins", [b[y]]]); } else { x -= 1; steps.push(["del", [a[x]]]); }
  }
  while (x > 0) { x -= 1; steps.push(["same", [a[x]]]); }
  return steps.reverse();
}

// Neighbours of one kind become one part; between two "same", what goes stands before what comes.
function merge(steps) {
  const parts = [];
  let gone = "";
  let come = "";
  const flush = () => {
    if (gone) parts.push({ op: "del", text: gone });
    if (come) parts.push({ op: "ins", text: come });
    gone = "";
    come = "";
  };
  for (const [op, tokens] of steps) {
    const text = tokens.join("");
    if (!text) continue;
    if (op === "del") gone += text;
    else if (op === "ins") come += text;
    else {
      flush();
      const last = parts.at(-1);
      if (last?.op === "same") last.text += text;
      else parts.push({ op, text });
    }
  }
  flush();
  return parts;
}
