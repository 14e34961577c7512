// The editor: prefilled with the answer to rewrite (or empty, for a demonstration), right below it what changes, word by
// word, and how much. It says "light", "moderate" or "heavy"; it never says that less is better.
import { amount, words, wordDiff } from "./diff.js";
import { SIDES } from "./form.js";
import { t, tn } from "./strings.js";

// A text field turns every line end into \n; the answer must be compared in the same dress.
const oneLineEnd = (text) => text.replace(/\r\n?/g, "\n");

const PAUSE = 120; // milliseconds without a key before the diff of a long text is drawn again
const SHORT = 4000; // characters up to which it is drawn at every key

export class Rewrite {
  constructor({ root, changed }) {
    Object.assign(this, { root, changed, original: "", side: "" });
    this.area = root.querySelector("[data-rewrite]");
    this.diff = root.querySelector("[data-diff]");
    this.says = root.querySelector("[data-diff-amount]");
    this.meter = root.querySelector("[data-diff-meter]");
    this.size = root.querySelector("[data-diff-size]");
    this.changes = root.querySelector("[data-diff-box]");
    this.title = root.querySelector("[data-rewrite-title]");
    this.back = root.querySelector("[data-rewrite-reset]");
    this.area.addEventListener("input", () => this.typed());
    this.back.addEventListener("click", () => this.reset());
  }

  /** Another item, and what was written for it. In a comparison the editor waits for the choice. */
  begin(item, { outcome, rewrite }) {
    this.texts = { left: item.text, right: item.other };
    if (item.mode !== "compare") return this.show(item.text || "", rewrite);
    if (!SIDES.includes(outcome) || !rewrite) return this.close();
    return this.showSide(outcome, rewrite);
  }

  showSide(side, draft) {
    this.show(this.texts[side], draft, side);
  }

  /** Start with `original`; a draft that differs from it opens the editor. side: of a comparison, "left" or "right". */
  show(original, draft, side = "") {
    clearTimeout(this.timer);
    this.original = oneLineEnd(original.trim() && original); // a few blanks are no answer
    this.side = side;
    this.area.value = draft || this.original;
    this.offer("");
    this.title.textContent = this.named();
    this.root.classList.toggle("is-free", !this.original);
    this.open(!!this.value || document.body.dataset.mode === "demonstrate");
  }

  /** Nothing to rewrite yet. */
  close() {
    clearTimeout(this.timer);
    this.original = this.side = this.area.value = "";
    this.open(false);
  }

  named() {
    if (this.side) return this.side === "left" ? t("Rewrite of A") : t("Rewrite of B");
    return this.original ? t("Rewrite") : t("Your answer");
  }

  get isOpen() {
    return !this.root.hidden;
  }

  open(wanted = true) {
    this.root.hidden = !wanted;
    document.body.classList.toggle("is-rewriting", wanted);
    if (wanted) { this.fit(); this.draw(); }
  }

  /** Begin to write. Where nothing is written yet, the caret stands before `words`, that many UTF-16 units long. */
  focus(before = "") {
    this.open();
    const at = oneLineEnd(before).length;
    if (this.value === "") this.area.setSelectionRange(at, at);
    this.area.focus(); // brings the caret into view, where the text is longer than its field
    this.root.scrollIntoView({ block: "nearest" });
  }

  /** The rewrite, or "" while it does not differ from the answer. */
  get value() {
    const text = this.area.value;
    return text.trim() === "" || text.trim() === this.original.trim() ? "" : text;
  }

  /** To the answer as it was, and at a second press back to what was written. */
  reset() {
    const [wanted, had] = [this.before || this.original, this.before ? "" : this.value];
    this.area.focus();
    this.area.select();
    // as if typed, so that Ctrl+Z takes it back; setting `value` would forget all that can be taken back
    if (!document.execCommand("insertText", false, wanted)) {
      this.area.setRangeText(wanted);
      this.typed();
    }
    this.offer(had);
  }

  offer(before) {
    this.before = before;
    this.back.textContent = before ? t("Put back what I wrote") : t("Reset to the answer");
  }

  typed() {
    this.offer("");
    this.fit();
    clearTimeout(this.timer);
    if (this.original.length + this.area.value.length < SHORT) this.draw();
    else this.timer = setTimeout(() => this.draw(), PAUSE);
    this.changed();
  }

  // Where the browser fits text fields by itself (field-sizing), these rows are not looked at.
  fit() {
    const { value } = this.area;
    this.area.rows = Math.min(18, Math.max(4, Math.ceil(value.length / 62) + value.split("\n").length - 1));
  }

  draw() {
    if (!this.original) {
      const count = words(this.area.value).length;
      this.changes.hidden = this.meter.hidden = true;
      this.size.textContent = "";
      this.says.textContent = tn("{n} word", "{n} words", count);
      return;
    }
    const parts = wordDiff(this.original, this.area.value);
    const nodes = parts.map((part, place) => shown(part, place > 0, place + 1 < parts.length));
    this.diff.replaceChildren(...nodes.flat());
    this.measure(amount(parts, this.original));
    this.follow(parts, nodes);
  }

  /** The diff of a long text scrolls by itself: the change before the cursor is the one that is being made. */
  follow(parts, nodes) {
    let [written, near] = [0, -1];
    parts.forEach(({ op, text }, index) => {
      if (op !== "same" && written <= this.area.selectionStart) near = index;
      if (op !== "del") written += text.length;
    });
    const change = nodes[near]?.[0];
    this.diff.scrollTop = change ? change.offsetTop - this.diff.clientHeight / 2 : 0;
  }

  measure({ out, put, of, lettersOut, lettersPut }) {
    const isChanged = !!(out || put || lettersOut || lettersPut);
    this.changes.hidden = this.meter.hidden = !isChanged;
    this.meter.value = Math.max(out, put) / Math.max(of, 1); // a meter ends at its max
    this.size.textContent = isChanged ? sizeOf(of ? (of - out) / of : 1, put / Math.max(of, 1)) : t("Nothing changed yet");
    this.says.textContent = isChanged
      ? t("{out} of {of} words out, {put} in; {lettersOut} characters out, {lettersPut} in", { out, of, put, lettersOut, lettersPut })
      : "";
  }
}

const AROUND = 12; // words on either side of a change that stay when a long unchanged run is folded
const LONG = 60; // words from which on it is

/** One part of the diff as nodes; of a long unchanged one, only what stands beside a change. */
function shown({ op, text }, isAfter, isBefore) {
  if (op !== "same") return [piece(op, text)];
  const all = words(text);
  if (all.length < LONG) return [text];
  const [head, tail] = [isAfter ? AROUND : 0, isBefore ? AROUND : 0];
  const n = all.length - head - tail;
  const fold = piece("span", tn("… {n} word unchanged …", "… {n} words unchanged …", n));
  fold.className = "diff-fold";
  return [all.slice(0, head).join(""), fold, all.slice(all.length - tail).join("")];
}

function piece(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

/** kept: share of the answer's words that stay; added: words put in, against the answer's length. */
function sizeOf(kept, added) {
  if (kept >= 0.8 && added <= 0.3) return t("Light edit");
  return kept >= 0.5 && added <= 0.8 ? t("Moderate edit") : t("Heavy edit");
}
