// The rewrite editor: prefilled with the answer, a live word diff below it, how much was changed, and a reset.
import { amount, wordDiff } from "./diff.js";

// A text field turns every line end into \n; the answer must be compared in the same dress.
const oneLineEnd = (text) => text.replace(/\r\n?/g, "\n");

const PAUSE = 120; // milliseconds without a key before the diff of a long text is drawn again

export class Rewrite {
  constructor({ root, changed }) {
    this.root = root;
    this.changed = changed;
    this.area = root.querySelector("[data-rewrite]");
    this.diff = root.querySelector("[data-diff]");
    this.meter = root.querySelector("[data-diff-amount]");
    this.original = "";
    this.area.addEventListener("input", () => this.typed());
    root.querySelector("[data-rewrite-reset]").addEventListener("click", () => this.reset());
  }

  show(original, draft) {
    clearTimeout(this.timer);
    this.original = oneLineEnd(original);
    this.area.value = draft || original;
    this.open(!!this.value);
  }

  open(wanted = true) {
    this.root.hidden = !wanted;
    if (wanted) { this.fit(); this.draw(); }
  }

  focus() {
    this.open();
    this.area.focus();
    if (this.value === "") this.area.setSelectionRange(0, 0);
    this.area.scrollIntoView({ block: "nearest" });
  }

  /** The rewrite, or "" while it does not differ from the answer. */
  get value() {
    const text = this.area.value;
    return text.trim() === "" || text.trim() === this.original.trim() ? "" : text;
  }

  reset() {
    this.area.value = this.original;
    this.typed();
    this.area.focus();
  }

  typed() {
    this.fit();
    clearTimeout(this.timer);
    if (this.original.length + this.area.value.length < 4000) this.draw();
    else this.timer = setTimeout(() => this.draw(), PAUSE);
    this.changed();
  }

  fit() {
    this.area.rows = Math.min(18, Math.max(4, Math.ceil(this.area.value.length / 62) + this.area.value.split("\n").length - 1));
  }

  draw() {
    const parts = wordDiff(this.original, this.area.value);
    this.diff.replaceChildren(...parts.map(({ op, text }) => {
      if (op === "same") return document.createTextNode(text);
      const element = document.createElement(op);
      element.textContent = text;
      return element;
    }));
    const { out, put, of } = amount(parts, this.original);
    this.meter.textContent = out || put ? `${out} of ${of} words out, ${put} in` : "Nothing changed yet";
  }
}
