// Two questions a week, both optional, one line until somebody wants to answer. Waved away, they do not come back
// before the next week.
import { find, item, sayAside, send } from "./aside.js";
import { t } from "./strings.js";

export class CheckIn {
  constructor({ data }) {
    this.url = data.urls.check_in;
    this.box = find("check-in");
    this.form = find("check-in-form");
    this.box.hidden = !data.check_in_due;
    find("check-in-open").addEventListener("click", () => this.open());
    find("check-in-never").addEventListener("click", () => this.give({ worth: null, mood: null }));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = new FormData(this.form);
      this.give({ worth: Number(said.get("worth")) || null, mood: Number(said.get("mood")) || null });
    });
  }

  open() {
    this.form.hidden = false;
    find("check-in-open").hidden = true;
    this.form.querySelector("input").focus();
  }

  async give(said) {
    const isKept = await send(this.url, said);
    find("check-in-fault").hidden = isKept;
    if (!isKept) return sayAside(find("check-in-fault").textContent);
    this.box.hidden = true;
    item().focus({ preventScroll: true });
    return sayAside(said.worth || said.mood ? t("Thank you.") : t("Not this week."));
  }
}
