// Keeps the page's seats reserved while it is open, and gives them back when it closes.
import { csrfToken, post, Refused } from "./transport.js";

export class Lease {
  /** seats() names the seats in the page; leaving() those to give back; lost(seats) is told what others took. */
  constructor({ urls, seconds, seats, leaving, lost }) {
    Object.assign(this, { urls, seats, leaving, lost });
    setInterval(() => this.beat(), (seconds * 1000) / 3);
    setTimeout(() => this.beat(), 2000); // see Session.lost: the page before this one may have said goodbye late
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.beat(); });
    window.addEventListener("pagehide", () => this.release());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  async beat() {
    const seats = this.seats();
    if (!seats.length) return;
    try {
      const body = await post(this.urls.heartbeat, { seats });
      if (body.lost?.length) this.lost(body.lost);
    } catch (failure) {
      if (failure instanceof Refused) this.lost(seats); // else: no network; the next beat asks again
    }
  }

  release() {
    const seats = this.leaving();
    if (!seats.length) return;
    const form = new URLSearchParams({ csrfmiddlewaretoken: csrfToken(), seats: seats.join(",") });
    navigator.sendBeacon(this.urls.release, form);
  }
}
