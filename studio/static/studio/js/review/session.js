// The sitting: shows an item, takes the answer, shows the next at once, and lets the outbox do the saving.
import { asShown, leftOf } from "./drafts.js";
import { t } from "./strings.js";
import { fetchPage, LoggedOut, newKey, post, Unreachable } from "./transport.js";
import { written } from "./trouble.js";
import { nameOf } from "./undo.js";
import { paintItem, paintSitting, paintState } from "./view.js";

const POLL = 15_000;
const announce = (name, detail) => document.dispatchEvent(new CustomEvent(`review:${name}`, { detail }));

export class Session {
  constructor(parts) {
    Object.assign(this, parts); // data, queue, form, rewrite, spans, drafts, outbox, undo, clock, strip, tabs, say, tell
    this.done = this.data.sitting.done;
    this.why = this.data.waiting;
    this.modes = new Set();
    setInterval(() => !this.queue.current && !document.hidden && this.poll(), POLL);
  }

  start() {
    // What an earlier visit answered and could not save is still on its way: it is not offered again.
    for (const record of this.outbox.records) this.queue.answered.add(record.item.seat);
    this.queue.add(this.data.items);
    const { undo } = this.data; // the offer to take the last answer back outlives a reload
    if (undo) this.undo.offer({ ...undo, item: { item: undo.item }, what: nameOf(undo.kind, undo.answer) }, undo.left);
    paintSitting(this.done);
    this.show();
  }

  show() {
    const item = this.queue.current;
    if (!item) {
      paintState(this.outbox.records.length ? "waiting" : "empty", this.why);
      return announce("empty");
    }
    const draft = this.drafts.read(item) || {};
    this.modes.add(item.mode);
    paintItem(item);
    this.take(draft);
    this.clock.start(draft.active_ms || 0);
    paintState("item");
    document.querySelector("[data-slot='item']").focus({ preventScroll: true });
    window.scrollTo(0, 0);
    return announce("shown", { item });
  }

  /** Put a draft on the form. */
  take(draft) {
    const item = this.queue.current;
    this.rewrite.begin(item, draft);
    this.form.write(draft, item.mode);
    this.spans.show(item.mode === "review" ? item.text : "");
  }

  answer() {
    return { ...this.form.read(), active_ms: this.clock.read() };
  }

  /** Something on the form changed. */
  changed() {
    if (this.queue.current) this.drafts.save(this.queue.current, this.answer());
  }

  stash() {
    if (this.queue.current && !this.form.untouched) this.changed();
  }

  submit() {
    const item = this.queue.current;
    if (!item) return;
    if (!this.isWhole()) return;
    const answer = { ...this.form.clean(), active_ms: this.clock.read() };
    const payload = { key: newKey(), seat: item.seat, guideline: item.topic?.version ?? null, ...answer };
    this.leaveItem({ kind: "submit", key: payload.key, item, payload });
    const what = this.offer("submit", payload.key, item, answer);
    this.count(1);
    this.say(this.queue.current ? t("{what}. Next item.", { what }) : `${what}.`);
  }

  /** Whether nothing is missing; else all that is is said, and the first of it is at hand. */
  isWhole() {
    const missing = this.form.missing();
    if (!missing.length) return true;
    this.form.fault(missing.map(({ field }) => field), missing.map(({ says }) => says).join(" "));
    if (missing[0].field === "rewrite") this.rewrite.focus();
    else this.form.lead(missing[0].field);
    return false;
  }

  skip(reason, comment) {
    const item = this.queue.current;
    if (!item) return;
    const [key, begun] = [item.item, this.answer()]; // a pass is known by its item, also after a reload
    const draft = this.form.untouched ? {} : { begun }; // what is on the form goes along: the next page may undo the pass
    this.leaveItem({ kind: "skip", key, item, payload: { seat: item.seat, reason, comment, ...draft } });
    this.offer("skip", key, item, begun);
    this.say(t("Passed. Next item."));
  }

  /** From now on this can be taken back; returns its name. */
  offer(kind, key, item, answer) {
    const what = nameOf(kind, answer);
    this.undo.offer({ kind, key, item, answer, what });
    return what;
  }

  // Paint first, then keep and send. The draft goes only when the record is on disk.
  leaveItem(record) {
    announce("left", { item: this.queue.shift() });
    const written = this.outbox.add(record);
    this.show();
    written.then(() => this.queue.answered.has(record.item.seat) && this.drafts.forget(record.item));
  }

  count(step) {
    this.done = Math.max(0, this.done + step);
    paintSitting(this.done);
  }

  /** For the outbox: send one record, asking for as many items as are missing. */
  send(record) {
    const { submit, skip } = this.data.urls;
    const body = { ...record.payload, holding: this.queue.seats, want: this.queue.room };
    return post(record.kind === "skip" ? skip : submit, body);
  }

  saved(record, body) {
    this.tabs.send("answered", { seat: record.item.seat, kind: record.kind, entry: this.undo.find(record.key) });
    this.why = body.waiting;
    this.strip.clear("offline"); // whatever could not be reached a moment ago can be now
    announce("saved", { record, body }); // first: what it makes due comes with the item, or the empty screen, that follows
    this.takeIn(body.next);
  }

  takeIn(items) {
    const had = this.queue.current;
    this.queue.add(items);
    if (!had) this.show();
  }

  refused(record, refusal) {
    this.undo.forget(record.key);
    if (record.kind === "skip") return this.tell("refused", "warn", refusal.message);
    this.count(-1);
    if (refusal.status !== 400) { // too late, or gone: there is nothing left to answer
      if (refusal.status === 404) this.drafts.save(record.item, record.payload); // the server has kept nothing
      else this.drafts.forget(record.item);
      return this.tell("refused", "warn", refusal.message, written(record.payload));
    }
    this.bringBack(record.item, record.payload);
    this.form.fault(refusal.body.field || "", refusal.message);
    return this.say(refusal.message);
  }

  /** from: the item as it was answered; it may come back at another seat. */
  takenBack({ kind, item, answer, from = item }) {
    if (kind === "submit") this.count(-1);
    this.bringBack(item, asShown({ data: answer, left: leftOf(from) }, item));
  }

  /** An empty answer is one that this page does not know: its draft counts. */
  bringBack(item, answer) {
    this.stash();
    this.queue.unshift(item);
    if (Object.keys(answer).length) this.drafts.save(item, answer);
    this.show();
  }

  /**
   * These seats are not ours any more. A goodbye of this page's earlier self may have given them back after this one
   * asked for them: asking again brings the same ones if they are still free.
   */
  async lost(seats) {
    const current = this.queue.current?.seat;
    this.queue.remove(seats.filter((seat) => seat !== current));
    const again = await this.poll();
    if (!again || !seats.includes(current) || again.some((item) => item.seat === current)) return;
    this.tell("lease", "warn", t("This item is no longer reserved for you: its time ran out, or you answered it in another tab. What you wrote is kept as a draft."));
  }

  async poll() {
    try {
      const { items, waiting } = await fetchPage();
      this.strip.clear("offline");
      this.why = waiting;
      if (!this.queue.current && !items.length) this.show();
      this.takeIn(items);
      return items;
    } catch (failure) {
      if (!(failure instanceof Unreachable || failure instanceof LoggedOut)) throw failure;
      this.tell("offline", "warn", failure.message);
      return null;
    }
  }
}
