// What the verdict keys and buttons do. One that completes the answer submits it at once; with work on the form that it
// would drop, the first press only asks. In a comparison, R first means: the choice opens the rewrite of the better one.
import { SIDES } from "./form.js";
import { t } from "./strings.js";

export class Verdicts {
  constructor({ form, rewrite, session, say, button, hint }) {
    Object.assign(this, { form, rewrite, session, say, button, hint, kept: {} });
    document.addEventListener("review:shown", () => { this.kept = {}; this.want(false); });
  }

  give(outcome) {
    if (outcome === "biased") return this.biased();
    if (SIDES.includes(outcome)) return this.better(outcome);
    if (!this.form.empty && this.form.asked !== outcome) return this.ask(outcome);
    this.form.choose(outcome);
    return this.session.submit();
  }

  biased() {
    this.form.choose(this.form.outcome === "biased" ? "" : "biased");
    if (this.form.outcome && !this.form.state.categories.length) this.form.scrollTo("categories");
  }

  ask(outcome) {
    const says = this.form.mode === "review"
      ? t("Press again to submit it so: what you marked and wrote will be dropped.")
      : t("Press again to submit it so: what you wrote will be dropped.");
    this.form.fault("outcome", says, true);
    this.form.asked = outcome;
    this.say(says);
  }

  better(side) {
    if (!this.wanted && !this.rewrite.isOpen) {
      this.form.choose(side);
      return this.session.submit();
    }
    if (this.rewrite.side !== side) {
      this.kept[this.rewrite.side] = this.rewrite.value;
      this.rewrite.showSide(side, this.kept[side]);
    }
    this.form.choose(side);
    this.want(false);
    return this.rewrite.focus();
  }

  /** The key R: write. */
  write() {
    if (this.form.mode !== "compare" || this.rewrite.isOpen) return this.rewrite.focus(this.beforeMarks());
    if (!SIDES.includes(this.form.outcome)) return this.want(!this.wanted);
    this.rewrite.showSide(this.form.outcome, "");
    return this.rewrite.focus();
  }

  /** The answer up to its first mark: there the writing begins. */
  beforeMarks() {
    const [first] = this.form.spans;
    return first ? [...this.rewrite.texts.left].slice(0, first.start).join("") : "";
  }

  want(wanted) {
    this.wanted = wanted;
    this.button.setAttribute("aria-pressed", String(wanted));
    document.body.classList.toggle("is-choosing", wanted);
    this.hint.textContent = wanted ? t("Now say which is better: its rewrite opens.") : "";
    if (wanted) this.say(this.hint.textContent);
  }
}
