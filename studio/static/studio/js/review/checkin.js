// Two questions a week, both optional: one line in the head of the page, and a dialog for who wants to answer. It comes
// with the page, or between two items once enough was done. Waved away, it does not come back before the next week.
import { find, item, sayAside, send } from "./aside.js";
import { t } from "./strings.js";

export class CheckIn {
  constructor({ data, pause }) {
    this.url = data.urls.check_in;
    this.left = data.check_in_after ?? Infinity; // answers until it is due
    this.box = find("check-in");
    this.dialog = find("check-in-dialog");
    this.pause = pause;
    find("check-in-open").addEventListener("click", () => this.dialog.showModal());
    find("check-in-never").addEventListener("click", () => this.give({ worth: null, mood: null }));
    this.dialog.addEventListener("close", () => item().focus({ preventScroll: true }));
    find("check-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const said = new FormData(event.target);
      this.give({ worth: Number(said.get("worth")) || null, mood: Number(said.get("mood")) || null });
    });
    document.addEventListener("review:saved", ({ detail }) => { if (detail.record.kind === "submit") this.left -= 1; });
    for (const moment of ["shown", "empty", "aside"]) document.addEventListener(`review:${moment}`, () => this.paint());
  }

  /** Between two items, and not beside a proposed break: one thing at a time is asked. */
  paint() {
    const isDue = this.left <= 0 && !this.pause.isUp;
    if (isDue && this.box.hidden && !this.isSaid) sayAside(t("Two questions about this week are in the head of the page."));
    this.isSaid ||= isDue;
    this.box.hidden = !isDue;
  }

  async give(said) {
    const isKept = await send(this.url, said);
    for (const fault of document.querySelectorAll("[data-check-in-fault]")) fault.hidden = isKept;
    if (!isKept) return sayAside(find("check-in-fault").textContent);
    this.left = Infinity;
    this.paint();
    this.dialog.close();
    item().focus({ preventScroll: true });
    return sayAside(said.worth || said.mood ? t("Thank you.") : t("Not this week."));
  }
}
