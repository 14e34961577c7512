// Active milliseconds at one item. Not counted: what goes beyond half a minute without a sign of life, a hidden page,
// a window that is behind another, and the time in which the item is covered (see blur.js).

const IDLE = 30_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "scroll", "input", "wheel"];

export class Clock {
  constructor() {
    this.covered = false;
    for (const sign of SIGNS) window.addEventListener(sign, () => this.mark(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => this.turn({ away: document.hidden }));
    window.addEventListener("blur", () => this.turn({ away: true }));
    window.addEventListener("focus", () => this.turn({ away: false }));
    document.addEventListener("review:covered", () => this.turn({ covered: true }));
    document.addEventListener("review:uncovered", () => this.turn({ covered: false }));
    this.away = document.hidden;
    this.start();
  }

  start(already = 0) {
    this.total = already;
    this.last = performance.now();
  }

  /** Something begins or ends that stops the clock: what went before is counted, what lies between is not. */
  turn(change) {
    this.mark();
    Object.assign(this, change);
  }

  get stopped() {
    return this.away || this.covered;
  }

  mark() {
    const now = performance.now();
    if (!this.stopped) this.total += Math.min(now - this.last, IDLE);
    this.last = now;
  }

  read() {
    this.mark();
    return Math.round(this.total);
  }
}
