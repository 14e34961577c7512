// The values statement of the item's topic: each part stands under the question it concerns, and nothing moves from one
// question to the next; the whole is one press away. A notice says when it was changed since this person last answered in
// the topic. What the server sends is clean HTML.
import { fetchJson, find, item as itemBox, lasting, memory, sayAside } from "./aside.js";
import { t } from "./strings.js";

// By way of working: what the first question is called, and whose part may stand in for it.
const FIRST = { review: ["outcome"], compare: ["compare", "outcome"], demonstrate: ["demonstrate", "rewrite"] };

export class Statement {
  constructor({ data }) {
    this.data = data;
    this.scope = `${find("review-root").dataset.person}:${data.project.slug}`;
    this.known = new Map(); // topic id → {version, html, name, changed}
    for (const [id, entry] of Object.entries(data.topics || {})) this.known.set(Number(id), entry);
    this.root = find("statement");
    this.home = this.root.parentElement;
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
    if (!topic) {
      this.lay(null, item.mode);
      return this.paintNotice(null);
    }
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
    const { mode } = this.item;
    const key = `${mode}:${id}:${entry?.version}`;
    if (this.painted !== key) this.lay(entry, mode);
    this.painted = key; // not laid anew: what somebody scrolled stays scrolled
    find("statement-whole").hidden = !entry?.html;
    this.choose();
    this.paintNotice(entry);
  }

  // ---------------------------------------------------------------- which part

  /** Under the first question stands what concerns all of them too; without any such words, the whole. */
  lay(entry, mode) {
    const whole = document.createElement("template");
    whole.innerHTML = entry?.html ?? "";
    const sections = [...whole.content.children];
    const about = (...fields) => sections.filter((section) => fields.includes(section.dataset.part));
    this.painted = "";
    const [first, second] = FIRST[mode];
    const found = about("", about(first).length ? first : second);
    for (const place of document.querySelectorAll("[data-part-of]")) {
      const { partOf } = place.dataset;
      const own = mode === "demonstrate" ? [] : about(partOf);
      const chosen = partOf !== "first" ? own : found.length ? found : sections;
      place.replaceChildren(...chosen.map((section) => section.cloneNode(true)));
      place.hidden = !chosen.length;
      place.scrollTop = 0;
    }
    const general = find("part-of='first'");
    general.hidden = false;
    if (!sections.length) general.textContent = entry ? t("Nobody has written one for this topic yet.") : t("The statement comes in a moment.");
    if (mode === "demonstrate") find("rewrite").before(this.root);
    else this.home.append(this.root);
  }

  /** The form says by its pressed buttons how far the answer is; the focus says more, where the keyboard put it. */
  watch() {
    const look = new MutationObserver(() => this.choose());
    const options = { subtree: true, attributes: true, attributeFilter: ["aria-pressed"] };
    look.observe(find("form"), options);
    look.observe(document.body, { attributes: true, attributeFilter: ["class", "data-verdict", "data-mode"] });
    look.observe(find("span-chooser"), { attributes: true, attributeFilter: ["class"] });
    document.addEventListener("focusin", () => this.choose());
    document.addEventListener("focusout", () => queueMicrotask(() => this.choose()));
  }

  question() {
    const focused = document.activeElement?.matches(":focus-visible:not([tabindex='-1'])") && document.activeElement.closest("[data-field]");
    if (focused) return focused.dataset.field;
    const { verdict, mode } = document.body.dataset;
    if (document.querySelector(".is-marking, [data-span-chooser].is-armed")) return "spans";
    if (mode === "demonstrate" || verdict === "left" || verdict === "right") return "rewrite";
    if (verdict !== "biased") return "outcome";
    if (!document.querySelector('[data-category][aria-pressed="true"]')) return "categories";
    if (!document.querySelector('[data-severity][aria-pressed="true"]')) return "severity";
    return "rewrite";
  }

  /** The part about the question at hand is told from the others; where it has none, what concerns all of them is. */
  choose() {
    const asked = this.question();
    const places = [...document.querySelectorAll("[data-part-of]:not([hidden])")];
    const has = places.some((place) => place.dataset.partOf === asked);
    for (const place of places) place.classList.toggle("is-asked", place.dataset.partOf === (has ? asked : "first"));
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
