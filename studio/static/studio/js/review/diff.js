// The same word diff as annotation/science/diff.py, piece by piece; a test runs both on many texts. A token is a word with
// the white space after it (and, at the start of a text, before it); what Python takes for white space counts as such.

const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const TOKEN = new RegExp(`[${BLANK}]*[^${BLANK}]+[${BLANK}]*|[${BLANK}]+`, "g");
const TAIL = new RegExp(`[${BLANK}]+$`);

export const words = (text) => text.match(TOKEN) || [];

/** [{op: "same" | "del" | "ins", text}] that turn `before` into `after`. */
export function wordDiff(before, after) {
  const [a, b] = [words(before), words(after)];
  const steps = [];
  let [i, j] = [0, 0];
  for (const block of [...matchingBlocks(a, b), { i: a.length, j: b.length, size: 0 }]) {
    steps.push(["del", a.slice(i, block.i).join("")], ["ins", b.slice(j, block.j).join("")]);
    for (let n = 0; n < block.size; n += 1) steps.push(...sameWord(a[block.i + n], b[block.j + n]));
    [i, j] = [block.i + block.size, block.j + block.size];
  }
  return merged(steps);
}

/** How much was changed, in words and in characters (code points). */
export function amount(parts, before) {
  const texts = (op) => parts.filter((part) => part.op === op).map((part) => part.text);
  const inWords = (op) => texts(op).reduce((n, text) => n + words(text).filter((word) => word.replace(TAIL, "")).length, 0);
  const inLetters = (op) => [...texts(op).join("")].length;
  return { out: inWords("del"), put: inWords("ins"), of: words(before).length, lettersOut: inLetters("del"), lettersPut: inLetters("ins") };
}

// A word is the same word whatever blanks follow it: only the blanks differ then.
function sameWord(mine, theirs) {
  if (mine === theirs) return [["same", mine]];
  let both = 0;
  while (both < mine.length && mine[both] === theirs[both]) both += 1;
  return [["same", mine.slice(0, both)], ["del", mine.slice(both)], ["ins", theirs.slice(both)]];
}

// Ratcliff and Metzener, as Python's difflib: the longest run in both, then the same on what lies left and right of it.
function matchingBlocks(a, b) {
  const numbers = new Map();
  const number = (word) => {
    const bare = word.replace(TAIL, "");
    if (!numbers.has(bare)) numbers.set(bare, numbers.size);
    return numbers.get(bare);
  };
  const places = new Map(); // where each word stands in b, in order
  b.forEach((word, j) => {
    const known = number(word);
    if (!places.has(known)) places.set(known, []);
    places.get(known).push(j);
  });
  const search = { where: a.map((word) => places.get(number(word)) || []), runs: [new Int32Array(b.length + 1), new Int32Array(b.length + 1)] };
  const queue = [[0, a.length, 0, b.length]];
  const blocks = [];
  while (queue.length) {
    const [aLow, aHigh, bLow, bHigh] = queue.pop();
    const found = longest(search, aLow, aHigh, bLow, bHigh);
    if (!found.size) continue;
    blocks.push(found);
    const [aEnd, bEnd] = [found.i + found.size, found.j + found.size];
    if (aLow < found.i && bLow < found.j) queue.push([aLow, found.i, bLow, found.j]);
    if (aEnd < aHigh && bEnd < bHigh) queue.push([aEnd, aHigh, bEnd, bHigh]);
  }
  return blocks.sort((one, other) => one.i - other.i);
}

// runs[j + 1]: how long the run is that ends at the row's word of a and at word j of b. Two rows take turns, and of each
// only what was written is wiped.
function longest({ where, runs }, aLow, aHigh, bLow, bHigh) {
  let best = { i: aLow, j: bLow, size: 0 };
  let [before, now] = runs;
  let [written, writing] = [[], []];
  for (let i = aLow; i < aHigh; i += 1) {
    for (const j of where[i]) {
      if (j < bLow) continue;
      if (j >= bHigh) break;
      const size = before[j] + 1;
      now[j + 1] = size;
      writing.push(j + 1);
      if (size > best.size) best = { i: i - size + 1, j: j - size + 1, size };
    }
    for (const at of written) before[at] = 0;
    written.length = 0;
    [before, now] = [now, before];
    [written, writing] = [writing, written];
  }
  for (const at of written) before[at] = 0;
  return best;
}

// Neighbours of one kind become one part; between two "same", what goes stands before what comes.
function merged(steps) {
  const parts = [];
  let [gone, come] = ["", ""];
  const flush = () => {
    if (gone) parts.push({ op: "del", text: gone });
    if (come) parts.push({ op: "ins", text: come });
    gone = come = "";
  };
  for (const [op, text] of steps) {
    if (!text) continue;
    if (op === "del") gone += text;
    else if (op === "ins") come += text;
    else {
      flush();
      if (parts.at(-1)?.op === "same") parts.at(-1).text += text;
      else parts.push({ op, text });
    }
  }
  flush();
  return parts;
}
