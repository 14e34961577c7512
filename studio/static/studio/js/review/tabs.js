// Two tabs of one person at the same queue show the same items: what one answers, the other puts away; and a tab that
// closes gives no item back that another still shows.
import { newKey } from "./transport.js";

export class Tabs {
  /** hear: {what: (said) => …} for what other tabs of this person `send`. */
  constructor({ scope, hear }) {
    this.hear = hear;
    this.id = newKey();
    this.others = new Set();
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(`review:${scope}`) : null;
    this.channel?.addEventListener("message", ({ data }) => this.receive(data));
    window.addEventListener("pagehide", () => this.send("bye"));
    this.send("hello");
  }

  /** As far as is known: a tab that crashed without a goodbye counts until this one is loaded again. */
  get alone() {
    return !this.others.size;
  }

  receive({ what, from, said }) {
    if (what in this.hear) return this.hear[what](said);
    if (what === "bye") return this.others.delete(from);
    this.others.add(from);
    return what === "hello" && this.send("here");
  }

  send(what, said = null) {
    this.channel?.postMessage({ what, from: this.id, said });
  }
}
