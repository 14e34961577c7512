// Draws a text into an element, with code blocks, marks and the word cursor. Only text nodes in elements of our own:
// what the text holds is never markup. The element's textContent stays exactly the text, so that offsets in a selection
// can be counted on it.
import { toUtf16 } from "./codepoints.js";
import { fences } from "./fences.js";

/** A text without marks. */
export function drawText(element, text) {
  draw(element, text, [], () => null);
}

/** spans: [{start, end, category}] in code points; named(category) → {key, name}; cursor: {start, end} or null. */
export function draw(element, text, spans, named, cursor = null) {
  const ranges = spans.map((span) => ({ ...units(text, span), category: span.category }));
  const here = cursor && units(text, cursor);
  const blocks = fences(text);
  const edges = cuts(text, [...ranges, ...blocks, ...(here ? [here] : [])]);
  const pieces = document.createDocumentFragment();
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const [start, end] = [edges[i], edges[i + 1]];
    const covering = ranges.filter((range) => range.start <= start && range.end >= end);
    const inCursor = here && here.start <= start && here.end >= end;
    const block = blocks.find((one) => one.start <= start && one.end >= end);
    if (block && block.start === start) pieces.append(codeBlock());
    (block ? pieces.lastChild : pieces).append(piece(text.slice(start, end), covering, start, named, inCursor));
  }
  element.replaceChildren(pieces);
}

function cuts(text, ranges) {
  const all = new Set([0, text.length]);
  for (const { start, end } of ranges) { all.add(start); all.add(end); }
  return [...all].sort((a, b) => a - b);
}

function codeBlock() {
  const block = document.createElement("code");
  block.className = "code-block";
  block.dir = "ltr";
  return block;
}

function units(text, { start, end }) {
  const from = toUtf16(text, start);
  return { start: from, end: from + toUtf16(text.slice(from), end - start) };
}

function piece(text, covering, start, named, inCursor) {
  let node = document.createTextNode(text);
  if (covering.length) {
    const top = named(covering.at(-1).category);
    const mark = document.createElement("mark");
    mark.className = `mark mark-${top.key}`;
    mark.title = covering.map((range) => named(range.category).name).join(", ");
    const begins = covering.filter((range) => range.start === start).map((range) => named(range.category).key);
    if (begins.length) mark.dataset.label = begins.join(" "); // shown by CSS: state is never by colour alone
    mark.append(node);
    node = mark;
  }
  if (inCursor) {
    const cursor = document.createElement("span");
    cursor.className = "word-cursor";
    cursor.append(node);
    node = cursor;
  }
  return node;
}
