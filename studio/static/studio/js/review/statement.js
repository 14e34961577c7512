// The values statement of the item's topic: the part about the question at hand, the whole one press away, and a
// notice when it was changed since this person last answered in the topic. What the server sends is clean HTML.
import { fetchJson, find, item as itemBox, lasting, memory, sayAside } from "./aside.js";
import { t } from "./strings.js";

export class Statement {
  constructor({ data }) {
    this.data = data;
    this.scope = `${find("review-root").dataset.person}:${data.project.slug}`;
    this.known = new Map(); // topic id → {version, html, name, changed}
    for (const [id, entry] of Object.entries(data.topics || {})) this.known.set(Number(id), entry);
    this.root = find("statement");
    this.text = find("statement-text");
    this.notice = find("statement-changed");
    this.dialog = find("statement-dialog");
    find("statement-whole").addEventListener("click", () => this.open());
    find("statement-seen").addEventListener("click", () => this.seen());
    document.addEventListener("review:shown", ({ detail }) => this.show(detail.item));
    document.addEventListener("review:guideline", () => this.open());
    this.watch();
  }

  show(item) {
    this.item = item;
    const topic = item.topic;
    this.root.hidden = !topic;
    if (!topic) return this.paintNotice(null);
    const entry = this.known.get(topic.id);
    const isFresh = entry && (entry.version ?? null) >= (topic.version ?? 0);
    this.paint(isFresh ? entry : null);
    if (!isFresh || this.mustAsk(topic)) this.ask(topic);
    return null;
  }

  /** Whether it changed since this person's last answer is asked once per version and tab. */
  mustAsk({ id, version }) {
    return !!version && !this.known.get(id)?.asked && memory.read(this.name(id)) !== version;
  }

  name(id) {
    return `statement:${this.scope}:${id}`;
  }

  async ask({ id }) {
    const entry = await fetchJson(this.data.urls.guideline.replace(/\/0\//, `/${id}/`));
    if (!entry) return; // asked again with the next item
    this.known.set(id, { ...entry, asked: true });
    if (!entry.changed) memory.write(this.name(id), entry.version);
    if (this.item?.topic?.id !== id) return;
    if (entry.version) this.item.topic.version = entry.version; // the answer is given under what is shown
    this.paint(this.known.get(id));
  }

  paint(entry) {
    const { id, name } = this.item.topic;
    find("statement-version").textContent = entry?.version ? t("{name}, version {version}", { name, version: entry.version }) : name;
    find("statement-propose").href = find("statement-propose").dataset.href.replace(/\/0\//, `/${id}/`);
    const says = entry ? t("Nobody has written one for this topic yet.") : t("The statement comes in a moment.");
    const key = entry?.html ? `${id}:${entry.version}` : says;
    if (this.painted !== key) {
      this.painted = key;
      if (entry?.html) this.text.innerHTML = entry.html;
      else this.text.textContent = says;
    }
    find("statement-whole").hidden = !entry?.html;
    this.choose();
    this.paintNotice(entry);
  }

  // ---------------------------------------------------------------- which part

  /** The form says by its pressed buttons how far the answer is; the focus says more, where the keyboard put it. */
  watch() {
    const look = new MutationObserver(() => this.choose());
    const options = { subtree: true, attributes: true, attributeFilter: ["aria-pressed"] };
    look.observe(find("form"), options);
    look.observe(document.body, { attributes: true, attributeFilter: ["class", "data-verdict", "data-mode"] });
    document.addEventListener("focusin", () => this.choose());
    document.addEventListener("focusout", () => queueMicrotask(() => this.choose()));
  }

  question() {
    const focused = document.activeElement?.matches(":focus-visible") && document.activeElement.closest("[data-field]");
    if (focused) return focused.dataset.field;
    const { verdict, mode } = document.body.dataset;
    if (document.body.classList.contains("is-marking")) return "spans";
    if (mode === "demonstrate" || verdict === "left" || verdict === "right") return "rewrite";
    if (verdict !== "biased") return "outcome";
    if (!document.querySelector('[data-category][aria-pressed="true"]')) return "categories";
    if (!document.querySelector('[data-severity][aria-pressed="true"]')) return "severity";
    return "rewrite";
  }

  /** Shows the part about the question; where there is none, what stands before all parts. */
  choose() {
    const sections = [...this.text.querySelectorAll(":scope > section")];
    const asked = this.question();
    const about = (field) => sections.filter((section) => section.dataset.part === field);
    const chosen = [about(asked), about(""), sections.slice(0, 1)].find((some) => some.length) || [];
    for (const section of sections) section.hidden = !chosen.includes(section);
    this.root.dataset.part = asked;
  }

  open() {
    const entry = this.item?.topic && this.known.get(this.item.topic.id);
    if (!entry?.html) return;
    find("statement-dialog-title").textContent = t("{name}, version {version}", { name: this.item.topic.name, version: entry.version });
    find("statement-dialog-text").innerHTML = entry.html;
    this.dialog.showModal();
  }

  // ---------------------------------------------------------------- what changed

  paintNotice(entry) {
    const changed = entry?.changed;
    const isNew = !!changed && !lasting.has(this.noticeName(entry));
    this.notice.hidden = !isNew;
    if (!isNew || this.noticed === this.noticeName(entry)) return;
    this.noticed = this.noticeName(entry);
    const text = t("The values statement of “{name}” was changed since you last answered here: version {from} was in force, now it is {version}.",
      { name: entry.name, from: changed.from, version: entry.version });
    find("statement-changed-text").textContent = text;
    find("statement-diff").innerHTML = changed.html;
    sayAside(text);
  }

  noticeName(entry) {
    return `seen:${this.scope}:${entry.id}:${entry.version}`;
  }

  seen() {
    const entry = this.known.get(this.item.topic.id);
    lasting.keep(this.noticeName(entry));
    memory.write(this.name(entry.id), entry.version);
    this.notice.hidden = true;
    itemBox().focus({ preventScroll: true });
  }
}
