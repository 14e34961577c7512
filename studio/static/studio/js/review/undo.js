// The answers that can still be taken back, newest last, and the button that counts down.
import { t } from "./strings.js";

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
