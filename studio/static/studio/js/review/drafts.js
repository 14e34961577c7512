// What is being written, kept in two places: on this machine at every change, on the server two seconds later.
// The newer of the two counts: the person may have gone on at another machine. Times are the server's, because
// this machine's clock may be wrong.
import { post } from "./transport.js";

const PAUSE = 2000; // milliseconds
const OLD = 14 * 24 * 3600 * 1000;

export class Drafts {
  constructor({ scope, url, now }) {
    this.ahead = Date.parse(now) - Date.now();
    this.prefix = `draft:${scope}:`;
    this.url = url;
    this.forgetOld();
  }

  key(item) {
    return this.prefix + item.item;
  }

  save(item, data) {
    try {
      localStorage.setItem(this.key(item), JSON.stringify({ at: Date.now() + this.ahead, data }));
    } catch {
      // full or switched off: the server's copy is the only one
    }
    clearTimeout(this.timer);
    this.pending = { item, data };
    this.timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** Send what waits to be sent, now. A draft that cannot be sent stays on this machine, where it came from. */
  flush() {
    clearTimeout(this.timer);
    const pending = this.pending;
    this.pending = null;
    if (pending) post(this.url, { seat: pending.item.seat, data: pending.data }).catch(() => {});
  }

  read(item) {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key(item)) || "null");
      if (!kept) return item.draft;
      return item.draft && Date.parse(item.draft_at) > kept.at ? item.draft : kept.data;
    } catch {
      return item.draft;
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
