// What was submitted and is not saved yet. One request at a time, in order; a failure waits and tries again.
import { LoggedOut, Refused, Unreachable } from "./transport.js";
import { Store } from "./store.js";

const WAITS = [1, 2, 4, 8, 15, 30]; // seconds
const SLOW = 4000; // milliseconds after which a submit that is still under way is shown as unsaved

export class Outbox {
  /** send(record) sends it; saved(record, body) and refused(record, refusal) are told the end; changed() after any step. */
  constructor({ scope, send, saved, refused, changed }) {
    Object.assign(this, { scope, send, saved, refused, changed });
    this.store = new Store();
    this.records = [];
    this.failures = 0;
    this.trouble = null;
    this.current = null;
    window.addEventListener("online", () => this.retryNow());
    window.addEventListener("focus", () => this.trouble && this.retryNow());
    window.addEventListener("beforeunload", (event) => { if (this.mustWarn) event.preventDefault(); });
  }

  /** Take up what an earlier visit left behind; sending begins with `run`. */
  async restore() {
    this.records = await this.store.all(this.scope).catch(() => []);
    this.isLasting = await this.store.lasting();
  }

  get mustWarn() {
    return this.records.length > 0 && this.isLasting === false;
  }

  /** Answers to tell the person about: those that failed, or take long. */
  get unsaved() {
    return this.trouble ? this.records.length : this.records.filter((record) => Date.now() - record.at > SLOW).length;
  }

  /** Keep the record and send it. `written` settles when it is on disk. */
  add(record) {
    const kept = { ...record, scope: this.scope, at: Date.now() };
    this.records.push(kept);
    const written = this.store.put(kept).catch(() => { this.isLasting = false; });
    this.run();
    setTimeout(() => this.changed(), SLOW + 50);
    return written;
  }

  find(key) {
    return this.records.find((record) => record.key === key);
  }

  /** Take a record back that was never sent; false when it is under way or gone. */
  withdraw(key) {
    const record = this.find(key);
    if (!record || this.current === record || record.tried) return false;
    this.drop(record);
    this.changed();
    return true;
  }

  drop(record) {
    this.records = this.records.filter((other) => other !== record);
    this.store.remove(record.key).catch(() => { this.isLasting = false; });
  }

  retryNow() {
    clearTimeout(this.timer);
    this.timer = null;
    return this.run();
  }

  /** Over when nothing is under way any more; two seconds at most. */
  async idle() {
    this.retryNow();
    for (let tries = 0; tries < 20 && this.current; tries += 1) await new Promise((go) => setTimeout(go, 100));
  }

  async run() {
    if (this.current || this.timer) return;
    while (this.records.length && !this.timer) {
      this.current = this.records[0];
      try {
        await this.attempt(this.current);
      } finally {
        this.current = null;
      }
      this.changed();
    }
  }

  async attempt(record) {
    try {
      record.tried = true;
      const body = await this.send(record);
      this.settle(record);
      this.saved(record, body);
    } catch (failure) {
      if (failure instanceof Refused) {
        this.settle(record);
        this.refused(record, failure);
      } else if (failure instanceof Unreachable || failure instanceof LoggedOut) {
        this.wait(failure);
      } else {
        throw failure;
      }
    }
  }

  settle(record) {
    this.drop(record);
    this.failures = 0;
    if (!this.records.length) this.trouble = null; // until then the strip counts down
  }

  wait(failure) {
    const seconds = WAITS[Math.min(this.failures, WAITS.length - 1)];
    this.failures += 1;
    this.trouble = failure;
    this.timer = setTimeout(() => this.retryNow(), seconds * 1000);
  }
}
