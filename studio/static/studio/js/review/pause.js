// A break is proposed when the server says that one would be good. Never a wall: the screen goes on working behind it.
import { find, item, sayAside } from "./aside.js";

export class Pause {
  constructor() {
    this.box = find("pause");
    find("pause-on").addEventListener("click", () => {
      this.box.hidden = true;
      item().focus({ preventScroll: true });
    });
    document.addEventListener("review:saved", ({ detail }) => detail.body?.pause && this.propose(detail.body.pause.why));
  }

  propose(why) {
    find("pause-why").textContent = why;
    this.box.hidden = false;
    sayAside(why);
  }
}
