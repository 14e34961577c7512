// Draws an answer with its marks into an element. Only text nodes and <mark>: what the text holds is never markup.
import { toUtf16 } from "./codepoints.js";

/**
 * spans: [{start, end, category}] in code points; named(category) → {key, name}; cursor: {start, end} or null.
 * The element's textContent stays exactly the text, so that offsets in a selection can be counted on it.
 */
export function draw(element, text, spans, named, cursor = null) {
  const ranges = spans.map((span) => ({ ...units(text, span), category: span.category }));
  const here = cursor && units(text, cursor);
  const cuts = new Set([0, text.length]);
  for (const range of here ? [...ranges, here] : ranges) { cuts.add(range.start); cuts.add(range.end); }
  const edges = [...cuts].sort((a, b) => a - b);
  const pieces = document.createDocumentFragment();
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const [start, end] = [edges[i], edges[i + 1]];
    const covering = ranges.filter((range) => range.start <= start && range.end >= end);
    const inCursor = here && here.start <= start && here.end >= end;
    pieces.append(piece(text.slice(start, end), covering, start, named, inCursor));
  }
  element.replaceChildren(pieces);
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
