// In a comparison: marks in each answer what the other does not say. Switched on, it stays on until the tab is closed.
import { find, memory, sayAside } from "./aside.js";
import { wordDiff } from "./diff.js";
import { draw, drawText } from "./highlight.js";
import { t, tn } from "./strings.js";

const NAME = "differences";

export class Differences {
  constructor() {
    this.button = document.querySelector("[data-action='differences']");
    this.isOn = !!memory.read(NAME);
    document.addEventListener("review:shown", ({ detail }) => { this.item = detail.item; this.paint(); });
    document.addEventListener("review:differences", () => this.toggle());
  }

  toggle() {
    this.isOn = !this.isOn;
    memory.write(NAME, this.isOn);
    const n = this.paint();
    if (!this.isOn) return sayAside(t("Differences are not shown."));
    return sayAside(n ? tn("{n} difference is marked.", "{n} differences are marked.", n) : t("The two answers are the same."));
  }

  /** Draws both texts; how many places differ. */
  paint() {
    this.button.setAttribute("aria-pressed", String(this.isOn));
    if (this.item?.mode !== "compare") return 0;
    const { text, other } = this.item;
    const parts = this.isOn ? wordDiff(text, other) : [];
    for (const [side, whole, op] of [["left", text, "del"], ["right", other, "ins"]]) {
      const spans = spansOf(parts, op);
      if (spans.length) draw(find(`slot='${side}'`), whole, spans, () => ({ key: "only", name: t("Only here") }));
      else drawText(find(`slot='${side}'`), whole);
    }
    return parts.filter(({ op }, place) => op === "del" || (op === "ins" && parts[place - 1]?.op !== "del")).length;
  }
}

/** Where the parts that only one text has stand in it, in code points, without the blanks at their ends. */
function spansOf(parts, only) {
  const spans = [];
  let at = 0;
  for (const { op, text } of parts) {
    if (op !== "same" && op !== only) continue;
    const [length, lead] = [[...text].length, [...text].length - [...text.trimStart()].length];
    const end = at + [...text.trimEnd()].length;
    if (op === only && at + lead < end) spans.push({ start: at + lead, end });
    at += length;
  }
  return spans;
}
