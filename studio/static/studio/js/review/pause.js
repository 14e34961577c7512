// A break is proposed when the server says that one would be good. Never a wall: it stands in the head of the page,
// covers nothing there, and is folded away by Escape or by the next answer.
import { find, item, sayAside } from "./aside.js";
import { t } from "./strings.js";

const HOLDS = "textarea, select, input:not([type=checkbox], [type=radio]), dialog"; // here, Escape means something else

export class Pause {
  constructor() {
    this.box = find("pause");
    find("pause-on").addEventListener("click", () => this.goOn());
    document.addEventListener("review:saved", ({ detail }) => detail.body?.pause && this.propose(detail.body.pause.why));
    document.addEventListener("review:left", () => this.close());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  get isUp() {
    return !this.box.hidden;
  }

  key(event) {
    const isElsewhere = event.target.closest(HOLDS) || document.querySelector("dialog[open], .is-marking, .reasons.is-armed");
    if (event.key !== "Escape" || !this.isUp || isElsewhere || event.defaultPrevented) return;
    event.preventDefault();
    this.goOn();
  }

  propose(why) {
    find("pause-why").textContent = why;
    this.box.hidden = false;
    document.dispatchEvent(new CustomEvent("review:aside"));
    sayAside(`${why} ${t("Escape, or your next answer, goes on.")}`);
  }

  goOn() {
    this.close();
    item().focus({ preventScroll: true });
  }

  close() {
    if (!this.isUp) return;
    this.box.hidden = true;
    document.dispatchEvent(new CustomEvent("review:aside"));
  }
}
