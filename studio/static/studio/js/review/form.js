// The answer being given. Buttons show it, `read` returns it. What counts depends on the way of working: a verdict with
// categories, severity and marks; which of two is better; or only what is written.
import { t } from "./strings.js";

const EMPTY = { outcome: "", categories: [], severity: null, spans: [], reasons: [], comment: "" };
export const SIDES = ["left", "right"];

export class Form {
  constructor({ root, rewrite, changed }) {
    Object.assign(this, { root, rewrite, changed, mode: "review" });
    this.comment = root.querySelector("[data-comment]");
    this.error = root.querySelector("[data-form-error]");
    this.comment.addEventListener("input", () => this.touched());
    this.write({});
  }

  get spans() {
    return this.state.spans;
  }

  get outcome() {
    return this.state.outcome;
  }

  /** Fill in a draft; what it lacks is empty. */
  write(draft, mode = this.mode) {
    this.mode = mode;
    this.state = { ...EMPTY, ...pick(draft) };
    this.asked = ""; // a verdict that would drop work, pressed once
    this.comment.value = draft.comment || "";
    this.fault("", "");
    this.paint();
  }

  /** The whole answer as it stands; a rewrite that equals the answer is none. */
  read() {
    return { ...this.state, rewrite: this.rewrite.value, comment: this.comment.value.trim() };
  }

  /** The same, without what only belongs to another verdict. */
  clean() {
    const { outcome, comment, rewrite, reasons, ...marks } = this.read();
    const written = rewrite ? { rewrite, reasons } : {};
    if (this.mode === "review") return outcome === "biased" ? { outcome, comment, ...marks, ...written } : { outcome, comment };
    if (SIDES.includes(outcome)) return { outcome, comment, ...written };
    return this.mode === "demonstrate" && outcome !== "cannot_judge" ? { outcome: "demonstrated", comment, rewrite } : { outcome, comment };
  }

  /** No work on it that a verdict like "fine" would drop. */
  get empty() {
    const { categories, severity, spans, rewrite } = this.read();
    return !categories.length && !severity && !spans.length && !rewrite;
  }

  get untouched() {
    return this.empty && !this.state.outcome && !this.comment.value;
  }

  choose(outcome) {
    this.state.outcome = outcome;
    this.touched();
  }

  toggleCategory(id) {
    const has = this.state.categories.includes(id);
    this.state.categories = has ? this.state.categories.filter((other) => other !== id) : [...this.state.categories, id];
    if (!has) this.state.outcome = "biased";
    this.touched();
  }

  setSeverity(level) {
    this.state.severity = this.state.severity === level ? null : level;
    if (this.state.severity) this.state.outcome = "biased";
    this.touched();
  }

  toggleReason(slug) {
    const has = this.state.reasons.includes(slug);
    this.state.reasons = has ? this.state.reasons.filter((other) => other !== slug) : [...this.state.reasons, slug];
    this.touched();
  }

  addSpan(span) {
    const same = (other) => other.start === span.start && other.end === span.end && other.category === span.category;
    if (!this.spans.some(same)) this.state.spans = [...this.spans, span].sort((a, b) => a.start - b.start || a.end - b.end);
    this.state.outcome = "biased";
    if (span.category && !this.state.categories.includes(span.category)) {
      this.state.categories = [...this.state.categories, span.category];
    }
    this.touched();
  }

  removeSpan(index) {
    this.state.spans = this.spans.filter((_, other) => other !== index);
    this.touched();
  }

  /** The rewrite changed: who rewrites an answer under review holds it for biased. */
  rewritten() {
    if (this.mode === "review" && this.rewrite.value) this.state.outcome = "biased";
    if (this.mode === "demonstrate") this.state.outcome = "";
    this.touched();
  }

  /** All that is missing, as {field, says}, in the order of the form. */
  missing() {
    const { outcome, categories, severity, rewrite } = this.read();
    if (this.mode === "demonstrate") {
      return outcome === "cannot_judge" || rewrite.trim() ? [] : [{ field: "rewrite", says: t("Write the answer first.") }];
    }
    if (this.mode === "compare") return outcome ? [] : [{ field: "outcome", says: t("Say first which answer is better, or neither.") }];
    if (!outcome) return [{ field: "outcome", says: t("Choose fine, biased or cannot judge first.") }];
    if (outcome !== "biased") return [];
    return [
      !categories.length && { field: "categories", says: t("Choose at least one category.") },
      !severity && { field: "severity", says: t("Choose a severity.") },
      !rewrite && { field: "rewrite", says: this.unwritten() },
    ].filter(Boolean);
  }

  unwritten() {
    if (!this.rewrite.original) return t("Write the answer first.");
    return t("Write how the answer should have been: it still reads as the model wrote it.");
  }

  /** Say what is wrong, and outline the fields it is about; ("", "") takes it away. isQuestion: nothing is wrong yet. */
  fault(fields, says, isQuestion = false) {
    this.error.textContent = says;
    this.error.hidden = !says;
    this.error.classList.toggle("is-question", isQuestion);
    const parts = [...document.querySelectorAll("[data-field]")];
    const isAtFault = (part) => !!says && !isQuestion && [fields].flat().includes(part.dataset.field);
    for (const part of parts) part.classList.toggle("has-fault", isAtFault(part));
    parts.find(isAtFault)?.scrollIntoView({ block: "nearest" });
  }

  /** Bring the person to a question: the next key or Tab is about it. */
  lead(field) {
    const group = document.querySelector(`[data-field="${field}"] [role="group"]`);
    if (!group) return; // a verdict: the keys are there already, and a stray space must not give one
    group.tabIndex = -1;
    group.focus({ preventScroll: true });
  }

  /** In one column the next question lies below what was pressed. */
  scrollTo(field) {
    if (!matchMedia("(max-width: 60rem)").matches) return;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    document.querySelector(`[data-field="${field}"]`).scrollIntoView({ block: "start", behavior });
  }

  touched() {
    this.asked = "";
    this.fault("", "");
    this.paint();
    this.changed();
  }

  paint() {
    const { outcome, categories, severity, reasons } = this.state;
    const press = (selector, isOn) => {
      for (const button of document.querySelectorAll(selector)) button.setAttribute("aria-pressed", String(isOn(button)));
    };
    press("[data-outcome]", (button) => button.dataset.outcome === outcome);
    press("[data-category]", (button) => categories.includes(Number(button.dataset.category)));
    press("[data-severity]", (button) => Number(button.dataset.severity) === severity);
    press("[data-reason]", (button) => reasons.includes(button.dataset.reason));
    document.body.dataset.verdict = outcome;
  }
}

function pick(draft) {
  const known = Object.keys(EMPTY).filter((key) => draft[key] !== undefined && draft[key] !== null);
  return Object.fromEntries(known.map((key) => [key, structuredClone(draft[key])]));
}
