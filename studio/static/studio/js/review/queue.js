// The items at hand: the first is on the screen, the others wait, already leased.

export const WANTED = 3;

export class Queue {
  constructor() {
    this.items = [];
    this.answered = new Set(); // seats: the server may still name one while its answer is under way
  }

  get current() {
    return this.items[0] || null;
  }

  get seats() {
    return this.items.map((item) => item.seat);
  }

  get room() {
    return Math.max(0, WANTED - this.items.length);
  }

  add(items) {
    for (const item of items || []) {
      if (!this.answered.has(item.seat) && !this.seats.includes(item.seat)) this.items.push(item);
    }
  }

  /** Take the first away, as answered. */
  shift() {
    const item = this.items.shift();
    this.answered.add(item.seat);
    return item;
  }

  /** Put an item back in front: undone, or refused. */
  unshift(item) {
    this.answered.delete(item.seat);
    this.items = [item, ...this.items.filter((other) => other.seat !== item.seat)];
  }

  remove(seats) {
    this.items = this.items.filter((item) => !seats.includes(item.seat));
  }
}
