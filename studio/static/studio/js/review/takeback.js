// Taking an answer back: one that is still here is withdrawn, one that was sent is undone on the server.
import { t } from "./strings.js";
import { LoggedOut, post, Refused, Unreachable } from "./transport.js";

export class TakeBack {
  /** back(entry): an answer, or a pass, was taken back, its item is shown again. */
  constructor({ urls, undo, outbox, tabs, strip, say, tell, back }) {
    Object.assign(this, { urls, undo, outbox, tabs, strip, say, tell, back, waiting: new Map() });
  }

  async last() {
    const entry = this.undo.take();
    if (!entry) return this.say(t("There is nothing to take back."));
    if (this.outbox.withdraw(entry.key)) return this.done(entry);
    if (!this.outbox.find(entry.key)) return this.send(entry);
    this.waiting.set(entry.key, entry); // on its way: taken back as soon as the server has it
    return this.say(t("It will be taken back as soon as it has reached the server."));
  }

  /** The server has this answer: take it back if that is what it waited for. */
  saved(key) {
    const entry = this.waiting.get(key);
    if (entry) this.send(entry);
  }

  async send(entry) {
    this.waiting.delete(entry.key);
    try {
      const { undo, unskip } = this.urls;
      const body = await (entry.kind === "skip" ? post(unskip, { item: entry.item.item, seat: entry.item.seat }) : post(undo, { key: entry.key }));
      this.done({ ...entry, item: body.item || entry.item, from: entry.item });
    } catch (failure) {
      if (failure instanceof Refused) return this.tell("undo", "warn", failure.message);
      if (failure instanceof Unreachable || failure instanceof LoggedOut) {
        return this.tell("undo", "warn", t("Not taken back. {why}", { why: failure.message }));
      }
      throw failure;
    }
    return null;
  }

  done(entry) {
    this.back(entry);
    this.tabs.send("undone", { key: entry.key });
    this.strip.clear("undo");
    this.say(t("Taken back: {what}.", { what: entry.what }));
  }
}
