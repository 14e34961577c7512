// Moves over the words of a text: where the cursor stands and how far it reaches. Numbers only, no page.

/** The words of `text` as {start, end} in code points. */
export function wordsOf(text) {
  const found = [];
  let units = 0;
  let points = 0;
  for (const match of text.matchAll(/\S+/gu)) {
    points += count(text.slice(units, match.index));
    const length = count(match[0]);
    found.push({ start: points, end: points + length });
    points += length;
    units = match.index + match[0].length;
  }
  return found;
}

const count = (text) => [...text].length;

export class WordCursor {
  constructor(text, from = 0) {
    this.words = wordsOf(text);
    const near = this.words.findIndex((word) => word.end > from);
    this.anchor = this.head = Math.max(near, 0);
  }

  get empty() {
    return !this.words.length;
  }

  /** The selected words as {start, end} in code points. */
  get range() {
    const [first, last] = [Math.min(this.anchor, this.head), Math.max(this.anchor, this.head)];
    return { start: this.words[first].start, end: this.words[last].end };
  }

  move(step, extend) {
    this.to(this.head + step, extend);
  }

  to(index, extend = false) {
    this.head = Math.min(Math.max(index, 0), this.words.length - 1);
    if (!extend) this.anchor = this.head;
  }
}
