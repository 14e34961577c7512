// An answer that was given, said otherwise: the form of a sitting with all of its keys, filled in, and no queue behind it.
import { Session } from "./session.js";
import { t } from "./strings.js";
import { newKey, post, Refused, Unreachable } from "./transport.js";
import { written } from "./trouble.js";

export const NOT_HERE = ["skip", "undo", "variants"]; // what only an item in the queue has

export class Correction extends Session {
  start() {
    this.key = newKey();
    this.queue.add(this.data.items);
    this.show();
    window.addEventListener("beforeunload", (event) => { if (this.isChanged) event.preventDefault(); });
  }

  /**
   * Nothing is kept before it is submitted: the answer stands as it is. What is sent twice is one correction; what says
   * something else, after a reply that was lost, is another, and must not be taken for the first.
   */
  changed() {
    this.isChanged = true;
    this.key = newKey();
  }

  poll() {
    return null;
  }

  async submit() {
    if (!this.isWhole() || this.isSending) return;
    this.isSending = true;
    try {
      const { url } = await post(this.data.correcting.url, this.body());
      this.isChanged = false;
      location.assign(url);
    } catch (failure) {
      this.isSending = false;
      if (failure instanceof Refused && failure.status === 400) this.form.fault(failure.body.field || "", failure.message);
      else this.tell("refused", "warn", this.outcome(failure), written(this.form.read()));
    }
  }

  /** A reply that did not come says nothing about what was done. */
  outcome(failure) {
    const why = failure.message;
    if (!(failure instanceof Unreachable)) return t("Not changed. {why}", { why });
    return t("{why} Whether your correction was saved is not known. Submit it again: sent twice, it counts once.", { why });
  }

  body() {
    const { topic } = this.queue.current;
    const { answer } = this.data.correcting;
    return { answer, key: this.key, guideline: topic?.version ?? null, ...this.form.clean(), active_ms: this.clock.read() };
  }
}
