// Marks in the answer, by mouse or finger (select, then choose) and by keyboard (a cursor that moves by word).
import { toCodePoints } from "./codepoints.js";
import { draw } from "./highlight.js";
import { lookUp, MARKING } from "./keymap.js";
import { t } from "./strings.js";
import { WordCursor } from "./wordcursor.js";

export class Spans {
  /** form: knows the spans and is told of new ones; categories: of the project; say: speaks to screen readers. */
  constructor({ answer, form, categories, say }) {
    Object.assign(this, { answer, form, categories, say, text: "", cursor: null, selected: null, touched: null });
    this.list = document.querySelector("[data-span-list]");
    this.chooser = document.querySelector("[data-span-chooser]");
    this.button = document.querySelector("[data-action='spans']");
    document.addEventListener("selectionchange", () => this.readSelection());
    // The press must not cost the selection: a mouse is told so, a finger's selection is remembered before it goes.
    this.chooser.addEventListener("mousedown", (event) => event.preventDefault());
    document.addEventListener("pointerdown", ({ target }) => {
      this.touched = this.chooser.contains(target) ? this.selected : null;
      this.arm();
    });
    this.chooser.addEventListener("click", (event) => {
      const button = event.target.closest("[data-span-category]");
      if (button) this.add(Number(button.dataset.spanCategory) || null);
      this.touched = null;
      this.arm();
    });
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-span-index]");
      if (button) this.remove(Number(button.dataset.spanIndex));
    });
  }

  show(text) {
    this.text = text;
    this.points = [...text];
    this.cursor = this.selected = this.touched = null;
    this.draw();
  }

  get isOn() {
    return this.cursor !== null;
  }

  /** While words are marked, no other key does anything. */
  get holds() {
    return true;
  }

  enter() {
    const cursor = new WordCursor(this.text, this.selected?.start ?? 0);
    if (cursor.empty) return this.say(t("The answer has no words to mark."));
    this.cursor = cursor;
    this.draw();
    this.say(t("Marking. Arrows move by word, Shift with an arrow selects more, a digit marks, Escape leaves."));
    return this.speak();
  }

  leave() {
    this.cursor = null;
    this.draw();
    this.say(t("Back to reading."));
  }

  /** True when the key was one of the marking layer. */
  key(event) {
    const hit = lookUp(MARKING, event);
    if (!hit) return false;
    const extend = event.shiftKey;
    const on = getComputedStyle(this.answer).direction === "rtl" ? -1 : 1; // an arrow goes where it points
    const steps = { right: on, left: -on, down: 10, up: -10 };
    if (hit.action in steps) this.cursor.move(steps[hit.action], extend);
    else if (hit.action === "first") this.cursor.to(0, extend);
    else if (hit.action === "last") this.cursor.to(this.cursor.words.length - 1, extend);
    else if (hit.action === "assign") this.add(this.categories[Number(hit.key) - 1]?.id ?? null);
    else if (hit.action === "mark") this.add(null);
    else if (hit.action === "erase") this.removeAt(this.cursor.range);
    else { this.leave(); return true; }
    this.draw();
    if (hit.action in steps || hit.action === "first" || hit.action === "last") this.speak();
    return true;
  }

  speak() {
    this.answer.querySelector(".word-cursor")?.scrollIntoView({ block: "nearest" });
    this.say(this.slice(this.cursor.range));
  }

  slice({ start, end }) {
    return this.points.slice(start, end).join("");
  }

  /** What the mouse selected inside the answer, without white space at its ends; null when nothing. */
  readSelection() {
    const selection = document.getSelection();
    const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    const inside = range && this.answer.contains(range.startContainer) && this.answer.contains(range.endContainer);
    this.selected = inside ? this.offsets(range) : null;
    this.arm();
  }

  /** With words selected, what can be said of them is there to be pressed: until the press is over. */
  arm() {
    this.chooser.classList.toggle("is-armed", !!(this.selected || this.touched));
  }

  offsets(range) {
    const lead = document.createRange();
    lead.selectNodeContents(this.answer);
    lead.setEnd(range.startContainer, range.startOffset);
    let from = lead.toString().length;
    let to = from + range.toString().length;
    while (from < to && /\s/.test(this.text[from])) from += 1;
    while (to > from && /\s/.test(this.text[to - 1])) to -= 1;
    const start = toCodePoints(this.text, from);
    const end = toCodePoints(this.text, to);
    return start < end ? { start, end } : null;
  }

  /** Marks what is selected, or the cursor's words. */
  add(category) {
    const range = this.cursor ? this.cursor.range : this.selected || this.touched;
    if (!range) return this.say(t("Select some words of the answer first."));
    this.form.addSpan({ ...range, category });
    document.getSelection().removeAllRanges();
    this.say(t("Marked “{words}” as {category}.", { words: this.slice(range), category: this.named(category).name }));
    return this.draw();
  }

  remove(index) {
    this.form.removeSpan(index);
    this.draw();
    this.say(t("Mark taken away."));
    (this.list.querySelector("button") || this.button).focus();
  }

  removeAt({ start, end }) {
    const index = this.form.spans.findLastIndex((span) => span.start < end && span.end > start);
    if (index < 0) return this.say(t("There is no mark here."));
    this.form.removeSpan(index);
    return this.say(t("Mark taken away."));
  }

  named(id) {
    const index = this.categories.findIndex((category) => category.id === id);
    return index < 0 ? { key: 0, name: t("no category") } : { key: index + 1, name: this.categories[index].name };
  }

  draw() {
    draw(this.answer, this.text, this.form.spans, (id) => this.named(id), this.cursor?.range ?? null);
    this.button.setAttribute("aria-pressed", String(this.isOn));
    document.body.classList.toggle("is-marking", this.isOn);
    this.list.replaceChildren(...this.form.spans.map((span, index) => this.chip(span, index)));
  }

  chip(span, index) {
    const chip = document.createElement("li");
    const { key, name } = this.named(span.category);
    const quote = document.createElement("q");
    quote.className = `mark mark-${key}`;
    quote.textContent = this.slice(span);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-small";
    button.dataset.spanIndex = index;
    button.textContent = "✕";
    button.setAttribute("aria-label", t("Take the mark on “{words}” away", { words: quote.textContent }));
    chip.append(quote, ` ${name} `, button);
    return chip;
  }
}
