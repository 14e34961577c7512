// The sitting: shows an item, takes the answer, shows the next at once, and lets the outbox do the saving.
import { fetchPage, LoggedOut, newKey, post, Refused, Unreachable } from "./transport.js";
import { paintItem, paintSitting, paintState } from "./view.js";

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`review:${name}`, { detail }));
const NAMES = { fine: "Fine", biased: "Biased", cannot_judge: "Cannot judge" };
const POLL = 15_000;

export class Session {
  constructor(parts) {
    Object.assign(this, parts); // data, queue, form, rewrite, spans, drafts, outbox, undo, clock, strip, say, tell
    this.done = this.data.sitting.done;
    this.takeBack = new Map(); // submits to undo as soon as they are saved
    setInterval(() => !this.queue.current && !document.hidden && this.poll(), POLL);
  }

  start() {
    // What an earlier visit answered and could not save is still on its way: it is not offered again.
    for (const record of this.outbox.records) this.queue.answered.add(record.item.seat);
    this.queue.add(this.data.items);
    paintSitting(this.done);
    this.show();
  }

  show() {
    const item = this.queue.current;
    if (!item) {
      paintState(this.outbox.records.length ? "waiting" : "empty");
      return tell("empty");
    }
    const draft = this.drafts.read(item) || {};
    paintItem(item);
    this.rewrite.show(item.text, draft.rewrite);
    this.form.write(draft);
    this.spans.show(item.text);
    this.clock.start(draft.active_ms || 0);
    paintState("item");
    document.querySelector("[data-slot='item']").focus({ preventScroll: true });
    window.scrollTo(0, 0);
    return tell("shown", { item });
  }

  answer() {
    return { ...this.form.read(), active_ms: this.clock.read() };
  }

  /** Something on the form changed. */
  changed() {
    if (this.queue.current) this.drafts.save(this.queue.current, this.answer());
  }

  stash() {
    if (this.queue.current && !this.form.untouched) this.drafts.save(this.queue.current, this.answer());
  }

  submit() {
    const item = this.queue.current;
    if (!item) return;
    const problem = this.form.problem();
    if (problem) {
      this.form.fault(problem.field, problem.says);
      if (problem.field === "rewrite") this.rewrite.focus();
      return;
    }
    const answer = { ...this.form.clean(), active_ms: this.clock.read() };
    const guideline = item.topic?.guideline?.version ?? null;
    const payload = { key: newKey(), seat: item.seat, guideline, ...answer };
    this.leaveItem({ kind: "submit", key: payload.key, item, payload });
    this.undo.offer({ key: payload.key, item, answer, what: NAMES[answer.outcome] });
    this.count(1);
    this.say(`${NAMES[answer.outcome]}. ${this.queue.current ? "Next item." : ""}`);
  }

  skip(reason, comment) {
    const item = this.queue.current;
    if (!item) return;
    this.leaveItem({ kind: "skip", key: newKey(), item, payload: { seat: item.seat, reason, comment } });
    this.say("Skipped. Next item.");
  }

  // Paint first, then keep and send. The draft goes only when the record is on disk.
  leaveItem(record) {
    tell("left", { item: this.queue.shift() });
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
    const undo = this.takeBack.get(record.key);
    if (undo) this.undoSaved(undo);
    this.takeIn(body.next);
    tell("saved", { record, body });
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
      const { rewrite, comment } = record.payload;
      if (refusal.status === 404) this.drafts.save(record.item, record.payload); // the server has kept nothing
      else this.drafts.forget(record.item);
      return this.tell("refused", "warn", refusal.message, [rewrite, comment].filter(Boolean).join("\n\n"));
    }
    this.bringBack(record.item, record.payload);
    this.form.fault(refusal.body.field || "", refusal.message);
    return this.say(refusal.message);
  }

  bringBack(item, answer) {
    this.stash();
    this.queue.unshift(item);
    this.drafts.save(item, answer);
    this.show();
  }

  async takeLastBack() {
    const entry = this.undo.take();
    if (!entry) return this.say("There is nothing to take back.");
    if (this.outbox.withdraw(entry.key)) return this.undone(entry);
    if (!this.outbox.find(entry.key)) return this.undoSaved(entry);
    this.takeBack.set(entry.key, entry); // on its way: taken back as soon as the server has it
    return this.say("It will be taken back as soon as it has reached the server.");
  }

  async undoSaved(entry) {
    this.takeBack.delete(entry.key);
    try {
      const body = await post(this.data.urls.undo, { key: entry.key });
      this.undone({ ...entry, item: body.item || entry.item });
    } catch (failure) {
      if (failure instanceof Refused) return this.tell("undo", "warn", failure.message);
      if (failure instanceof Unreachable || failure instanceof LoggedOut) {
        return this.tell("undo", "warn", `Not taken back. ${failure.message}`);
      }
      throw failure;
    }
    return null;
  }

  undone({ item, answer, what }) {
    this.count(-1);
    this.bringBack(item, answer);
    this.strip.clear("undo");
    this.say(`Taken back: ${what}.`);
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
    this.tell("lease", "warn", "This item is no longer reserved for you: its time ran out, or you answered it in another tab. What you wrote is kept as a draft.");
  }

  async poll() {
    try {
      const { items } = await fetchPage();
      this.strip.clear("offline");
      this.takeIn(items);
      return items;
    } catch (failure) {
      if (!(failure instanceof Unreachable || failure instanceof LoggedOut)) throw failure;
      this.tell("offline", "warn", failure.message);
      return null;
    }
  }
}
