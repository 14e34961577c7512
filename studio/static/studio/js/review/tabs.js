// Two tabs of one person at the same queue show the same items: what one answers, the other puts away; and a tab that
// closes gives no item back that another still shows.
import { newKey } from "./transport.js";

export class Tabs {
  /** answered(seat): another tab of this person gave its answer. */
  constructor({ scope, answered }) {
    this.id = newKey();
    this.others = new Set();
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(`review:${scope}`) : null;
    this.channel?.addEventListener("message", ({ data }) => this.hear(data, answered));
    window.addEventListener("pagehide", () => this.send("bye"));
    this.send("hello");
  }

  /** As far as is known: a tab that crashed without a goodbye counts until this one is loaded again. */
  get alone() {
    return !this.others.size;
  }

  hear({ what, from, seat }, answered) {
    if (what === "answered") return answered(seat);
    if (what === "bye") return this.others.delete(from);
    this.others.add(from);
    return what === "hello" && this.send("here");
  }

  tell(seat) {
    this.send("answered", seat);
  }

  send(what, seat = null) {
    this.channel?.postMessage({ what, from: this.id, seat });
  }
}
