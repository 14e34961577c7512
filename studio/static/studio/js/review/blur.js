// Covers prompt and answer: while a topic's warning is up, and where the forecast severity of an item reaches what the
// person chose for themselves. One key or the button shows and hides. Keys go on working: who marks or rewrites has
// asked to see the text. Screen readers hear why before the text is there for them.
import { find, item as itemBox, sayAside, send } from "./aside.js";
import { t } from "./strings.js";

const TEXTS = "[data-slot='prompt'], [data-answer], [data-slot='left'], [data-slot='right'], [data-rewrite-box]";

export class Blur {
  constructor({ data, warning }) {
    this.data = data;
    this.warning = warning;
    this.from = data.reader?.blur_from ?? null;
    this.bar = find("cover");
    this.isHard = this.isAsked = this.isCovered = false;
    this.article = itemBox();
    find("cover-toggle").addEventListener("click", () => this.toggle());
    document.addEventListener("review:shown", ({ detail }) => this.show(detail.item));
    document.addEventListener("review:left", () => this.show(null));
    document.addEventListener("review:cover", ({ detail }) => { this.isAsked ||= !!detail?.isAsked; this.paint(); });
    document.addEventListener("review:reveal", () => this.toggle());
    this.article.addEventListener("focusin", ({ target }) => target.closest("[data-rewrite-box], [data-answer]") && this.reveal());
    new MutationObserver(() => document.body.classList.contains("is-marking") && this.reveal())
      .observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.choice();
  }

  show(item) {
    const forecast = item?.forecast ?? null;
    this.isHard = this.from !== null && forecast !== null && forecast >= this.from;
    this.isAsked = false;
    find("warning-hard").hidden = !this.isHard;
    if (this.isHard) {
      const value = new Intl.NumberFormat(`${document.documentElement.lang}-u-nu-latn`, { maximumFractionDigits: 1 }).format(forecast);
      const says = t("This may be hard to read: people judged answers like it {forecast} of 3.", { forecast: value });
      for (const place of ["cover-text", "warning-hard"]) find(place).textContent = says;
    }
    this.paint();
    if (this.isCovered && !this.warning.isUp) sayAside(`${find("cover-text").textContent} ${t("The text is covered until you ask for it.")}`);
  }

  toggle() {
    if (this.warning.isUp) return this.warning.accept();
    if (!this.isHard) return sayAside(t("Nothing is covered."));
    this.isAsked = !this.isAsked;
    this.paint();
    return sayAside(this.isAsked ? t("Shown.") : t("Covered again."));
  }

  reveal() {
    if (this.warning.isUp) this.warning.accept();
    if (this.isHard && !this.isAsked) this.toggle();
  }

  paint() {
    const before = this.isCovered;
    this.isCovered = this.warning.isUp || (this.isHard && !this.isAsked);
    this.bar.hidden = !this.isHard || this.warning.isUp;
    find("cover-label").textContent = this.isAsked ? t("Cover again") : t("Show");
    document.body.classList.toggle("is-covered", this.isCovered);
    for (const text of this.article.querySelectorAll(TEXTS)) text.inert = this.isCovered && !text.matches("[data-rewrite-box]");
    if (before !== this.isCovered) document.dispatchEvent(new CustomEvent(this.isCovered ? "review:covered" : "review:uncovered"));
  }

  /** The person's own threshold, in the dialog of the keys. */
  choice() {
    const select = find("blur-choice");
    if (!select) return;
    select.value = this.from ?? "";
    select.addEventListener("change", async () => {
      const before = this.from;
      const chosen = select.value ? Number(select.value) : null;
      this.from = chosen; // at once: the next item may come before the studio's reply
      const isKept = await send(this.data.urls.preferences, { blur_from: chosen });
      if (this.from !== chosen) return; // something newer was chosen meanwhile
      find("blur-fault").hidden = isKept;
      if (isKept) return;
      this.from = before;
      select.value = before ?? "";
    });
  }
}
