// The answers that can still be taken back, newest last, and the button that counts down.
import { t } from "./strings.js";

const NAMES = {
  fine: t("Fine"), biased: t("Biased"), cannot_judge: t("Cannot judge"), left: t("A is better"), right: t("B is better"),
  tie: t("Tie"), both_bad: t("Both bad"), demonstrated: t("Answer"),
};
/** What it is called that can be taken back. */
export const nameOf = (kind, answer) => (kind === "skip" ? t("Pass") : NAMES[answer.outcome] || t("Answer"));

export class Undo {
  constructor({ button, seconds }) {
    this.button = button;
    this.left = button.querySelector("[data-undo-left]");
    this.what = button.querySelector("[data-undo-what]");
    this.seconds = seconds;
    this.stack = [];
    setInterval(() => this.paint(), 1000);
  }

  /** left: seconds; fewer than usual for an answer that was given before the page was loaded again. */
  offer(entry, left = this.seconds) {
    this.stack = [...this.stack.slice(-9), { ...entry, until: Date.now() + left * 1000 }];
    this.paint();
  }

  /** What another tab offers too. */
  adopt(entry) {
    this.stack = [...this.stack.filter((one) => one.key !== entry.key), entry].sort((a, b) => a.until - b.until);
    this.paint();
  }

  find(key) {
    return this.stack.find((entry) => entry.key === key);
  }

  /** The newest entry that is not too old, taken off the stack; null when there is none. */
  take() {
    const entry = this.stack.pop();
    this.paint();
    return entry && entry.until > Date.now() ? entry : null;
  }

  forget(key) {
    this.stack = this.stack.filter((entry) => entry.key !== key);
    this.paint();
  }

  paint() {
    this.stack = this.stack.filter((entry) => entry.until > Date.now());
    const newest = this.stack.at(-1);
    this.button.classList.toggle("is-away", !newest); // keeps its place, so that nothing moves
    this.button.disabled = !newest;
    if (!newest) return;
    this.what.textContent = newest.what;
    this.left.textContent = t("{n} s", { n: Math.ceil((newest.until - Date.now()) / 1000) });
  }
}
