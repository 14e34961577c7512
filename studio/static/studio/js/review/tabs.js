// Two tabs of one person at the same queue show the same items: what one answers, the other puts away.

export class Tabs {
  /** answered(seat): another tab of this person gave its answer. */
  constructor({ scope, answered }) {
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(`review:${scope}`) : null;
    this.channel?.addEventListener("message", ({ data }) => answered(data.seat));
  }

  tell(seat) {
    this.channel?.postMessage({ seat });
  }
}
