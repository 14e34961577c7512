// What is being written, kept in two places: on this machine at every change, on the server two seconds later.
// The newer of the two counts: the person may have gone on at another machine. Times are the server's, because
// this machine's clock may be wrong.
import { post } from "./transport.js";

const PAUSE = 2000; // milliseconds
const OLD = 14 * 24 * 3600 * 1000;

export class Drafts {
  /** kept({item, at, data}) is told of every draft that is sent; shown(item, where) where it is, "" while it is not. */
  constructor({ scope, url, now, kept, shown }) {
    Object.assign(this, { kept, shown });
    this.ahead = Date.parse(now) - Date.now();
    this.prefix = `draft:${scope}:`;
    this.url = url;
    this.forgetOld();
  }

  key(item) {
    return this.prefix + item.item;
  }

  save(item, data) {
    const at = Date.now() + this.ahead;
    try {
      localStorage.setItem(this.key(item), JSON.stringify({ at, data, left: leftOf(item) }));
      this.isHere = true;
    } catch {
      this.isHere = false; // full or switched off: the server's copy is the only one
    }
    this.shown(item, "");
    clearTimeout(this.timer);
    this.pending = { item, data, at };
    this.timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** Send what waits to be sent, now. A draft that cannot be sent stays on this machine, where it came from. */
  async flush() {
    clearTimeout(this.timer);
    const pending = this.pending;
    this.pending = null;
    if (!pending) return;
    this.kept(pending);
    const isSaved = await post(this.url, { seat: pending.item.seat, data: pending.data }).then(() => true, () => false);
    if (isSaved) this.mark(pending);
    if (!this.pending) this.shown(pending.item, isSaved ? "server" : this.isHere ? "machine" : "nowhere");
  }

  /** What the server has need not stay on this machine after a log-out: logout.js reads `sent`. */
  mark({ item, at }) {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key(item)) || "null");
      if (kept?.at === at) localStorage.setItem(this.key(item), JSON.stringify({ ...kept, sent: true }));
    } catch {
      // full or switched off
    }
  }

  read(item) {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key(item)) || "null");
      if (!kept) return item.draft;
      return item.draft && Date.parse(item.draft_at) > kept.at ? item.draft : asShown(kept, item);
    } catch {
      return item.draft;
    }
  }

  /** When the draft on this machine was written; null where there is none. */
  keptAt(item) {
    try {
      return JSON.parse(localStorage.getItem(this.key(item)) || "null")?.at ?? null;
    } catch {
      return null;
    }
  }

  has(item) {
    return !!this.read(item);
  }

  forget(item) {
    if (this.pending?.item.item === item.item) {
      clearTimeout(this.timer);
      this.pending = null;
    }
    item.draft = null;
    try {
      localStorage.removeItem(this.key(item));
    } catch {
      // switched off: there is nothing to forget
    }
  }

  forgetOld() {
    try {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith("draft:")) continue;
        const { at } = JSON.parse(localStorage.getItem(key));
        if (!(at > Date.now() - OLD)) localStorage.removeItem(key);
      }
    } catch {
      // switched off: there is nothing to forget
    }
  }
}

// At another seat a comparison may stand the other way round: what was said of the left text goes with that text.
const OTHER_SIDE = { left: "right", right: "left" };
export const leftOf = (item) => (item.mode === "compare" ? item.text : undefined);

export function asShown({ data, left }, item) {
  const other = OTHER_SIDE[data.outcome];
  return other && left !== undefined && left !== item.text ? { ...data, outcome: other } : data;
}
