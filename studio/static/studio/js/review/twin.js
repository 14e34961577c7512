// The same items open in two tabs of one person. What one answers, the other puts away, and can take back; what one
// writes, the other shows, or offers where both have written.
import { t } from "./strings.js";
import { written } from "./trouble.js";

export class Twin {
  constructor(parts) {
    Object.assign(this, parts); // queue, form, session, drafts, undo, tabs, strip, tell
    document.addEventListener("review:shown", ({ detail }) => this.settle(this.drafts.keptAt(detail.item)));
    document.addEventListener("review:left", () => this.strip.clear("twin"));
  }

  /** Another tab gave its answer for this seat, or passed. */
  answered({ seat, kind, entry }) {
    if (entry) this.undo.adopt(entry);
    const item = this.queue.items.find((one) => one.seat === seat);
    if (!item) return;
    const isCurrent = item === this.queue.current;
    const text = isCurrent ? written(this.form.read()) : "";
    this.drafts.forget(item);
    this.queue.answered.add(seat);
    this.queue.remove([seat]);
    if (!isCurrent) return;
    document.dispatchEvent(new CustomEvent("review:left", { detail: { item } }));
    const says = kind === "skip"
      ? t("You passed on that item in another tab, so it was put away here.")
      : t("You answered that item in another tab, so it was put away here.");
    this.tell("elsewhere", "info", says, text);
    this.session.show();
    this.session.poll();
  }

  undone({ key }) {
    this.undo.forget(key);
  }

  /** What stands here is the draft of `at`, and nothing was written since. */
  settle(at) {
    this.at = at;
    this.isEdited = false;
  }

  /** A draft was kept here: a tab that shows the same item is told what it was written on top of. */
  tellOf({ item, at, data }) {
    if (this.queue.current?.item !== item.item) return;
    this.tabs.send("draft", { item: item.item, at, base: this.at, data });
    this.settle(at);
  }

  /** Another tab saved a draft, written on top of the one that it had at `base`. */
  draft({ item, at, base, data }) {
    if (this.queue.current?.item !== item) return; // read when its turn comes
    const use = () => {
      this.session.take(data);
      this.settle(at);
    };
    if (!this.isEdited && [null, base].includes(this.at)) return use();
    const useInstead = () => {
      const mine = written(this.form.read());
      use();
      this.session.changed(); // what was written last here is kept by now: this one takes its place
      this.tell("twin", "info", t("What you wrote in the other tab stands here now."), mine);
    };
    this.strip.set("twin", {
      tone: "info",
      text: t("You wrote something else about this item in another tab."),
      actions: [{ label: t("Use that"), run: useInstead }, { label: t("Keep what stands here"), run: () => this.strip.clear("twin") }],
    });
  }
}
