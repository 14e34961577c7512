// The answer being given: verdict, categories, severity, marks, rewrite, comment. Buttons show it, `read` returns it.

const EMPTY = { outcome: "", categories: [], severity: null, spans: [], comment: "" };

export class Form {
  constructor({ root, rewrite, changed }) {
    Object.assign(this, { root, rewrite, changed });
    this.comment = root.querySelector("[data-comment]");
    this.error = root.querySelector("[data-form-error]");
    this.comment.addEventListener("input", () => this.touched());
    this.clear();
  }

  get spans() {
    return this.state.spans;
  }

  clear() {
    this.write({});
  }

  /** Fill in a draft; what it lacks is empty. */
  write(draft) {
    this.state = { ...EMPTY, ...pick(draft) };
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
    const answer = this.read();
    if (answer.outcome === "biased") return answer;
    return { ...answer, categories: [], severity: null, spans: [], rewrite: "" };
  }

  get empty() {
    const { categories, severity, spans, rewrite } = this.read();
    return !categories.length && !severity && !spans.length && !rewrite;
  }

  get untouched() {
    return this.empty && !this.state.outcome && !this.comment.value;
  }

  choose(outcome) {
    this.state.outcome = this.state.outcome === outcome ? "" : outcome;
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

  /** What is missing, as {field, says}, or null. */
  problem() {
    const answer = this.read();
    if (!answer.outcome) return { field: "outcome", says: "Choose fine, biased or cannot judge first." };
    if (answer.outcome !== "biased") return null;
    if (!answer.categories.length) return { field: "categories", says: "Choose at least one kind of bias." };
    if (!answer.severity) return { field: "severity", says: "Choose how grave it is." };
    if (!answer.rewrite) return { field: "rewrite", says: "Write how the answer should have been: it still reads as the model wrote it." };
    return null;
  }

  /** Say what is wrong beside the field it is about; ("", "") takes it away. */
  fault(field, says) {
    this.error.textContent = says;
    this.error.hidden = !says;
    for (const part of document.querySelectorAll("[data-field]")) {
      part.classList.toggle("has-fault", part.dataset.field === field && !!says);
    }
  }

  touched() {
    this.fault("", "");
    this.paint();
    this.changed();
  }

  paint() {
    const { outcome, categories, severity } = this.state;
    const press = (selector, isOn) => {
      for (const button of this.root.querySelectorAll(selector)) button.setAttribute("aria-pressed", String(isOn(button)));
    };
    press("[data-outcome]", (button) => button.dataset.outcome === outcome);
    press("[data-category]", (button) => categories.includes(Number(button.dataset.category)));
    press("[data-severity]", (button) => Number(button.dataset.severity) === severity);
    document.body.dataset.verdict = outcome;
  }
}

function pick(draft) {
  const known = Object.keys(EMPTY).filter((key) => draft[key] !== undefined && draft[key] !== null);
  return Object.fromEntries(known.map((key) => [key, structuredClone(draft[key])]));
}
