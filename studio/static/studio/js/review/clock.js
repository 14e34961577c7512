// Active milliseconds at one item: a pause counts for at most a minute, a hidden page not at all.

const IDLE = 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "scroll", "input", "wheel"];

export class Clock {
  constructor() {
    for (const sign of SIGNS) window.addEventListener(sign, () => this.mark(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.mark();
      else this.last = performance.now(); // the hidden time is left out
    });
    this.start();
  }

  start(already = 0) {
    this.total = already;
    this.last = performance.now();
  }

  mark() {
    const now = performance.now();
    this.total += Math.min(now - this.last, IDLE);
    this.last = now;
  }

  read() {
    if (!document.hidden) this.mark();
    return Math.round(this.total);
  }
}
