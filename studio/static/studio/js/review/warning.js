// Said before the first item of a topic in a sitting, where the topic has a content warning: go on, pass, or leave the
// topic to others. Nothing else is blocked; the item stays covered until the person goes on.
import { find, item, memory, sayAside, send } from "./aside.js";
import { t } from "./strings.js";

const SITTING = 30 * 60_000; // milliseconds without an item of the topic after which it is said again

export class Warning {
  constructor({ data }) {
    this.data = data;
    this.scope = `${find("review-root").dataset.person}:${data.project.slug}`;
    this.box = find("warning");
    find("warning-continue").addEventListener("click", () => this.accept());
    find("warning-leave").addEventListener("click", () => this.leave());
    document.addEventListener("review:shown", ({ detail }) => this.show(detail.item));
    document.addEventListener("review:empty", () => this.close());
    document.addEventListener("review:left", () => { if (this.isUp) this.close(); });
  }

  get isUp() {
    return !this.box.hidden;
  }

  name(topic) {
    return `warned:${this.scope}:${topic.id}:${topic.warning}`; // a warning that says something else is said again
  }

  show({ topic }) {
    this.topic = topic;
    const last = topic?.warning ? memory.read(this.name(topic)) : Infinity;
    if (Date.now() - last < SITTING || !topic?.warning) {
      if (topic?.warning) memory.write(this.name(topic), Date.now());
      return this.close();
    }
    find("warning-text").textContent = topic.warning;
    find("warning-topic").textContent = topic.name;
    find("warning-fault").hidden = true;
    this.box.hidden = false;
    document.dispatchEvent(new CustomEvent("review:cover"));
    return sayAside(t("Content warning for {name}: {warning} The text is hidden until you go on.", { name: topic.name, warning: topic.warning }));
  }

  /** isAsked: the person said "show the text", which holds whatever else would cover this item. */
  close(isAsked = false) {
    this.box.hidden = true;
    document.dispatchEvent(new CustomEvent("review:cover", { detail: { isAsked } }));
  }

  /** Remembered from now on: with storage switched off it is said before every item, which is the safer mistake. */
  accept() {
    memory.write(this.name(this.topic), Date.now());
    this.close(true);
    item().focus({ preventScroll: true });
  }

  /** The server takes what is held of this topic back; the page asks for other items by being loaded anew. */
  async leave() {
    const button = find("warning-leave");
    button.disabled = true;
    const isDone = await send(this.data.urls.topics, { topic: this.topic.id, out: true });
    button.disabled = false;
    if (isDone) return location.reload();
    find("warning-fault").hidden = false;
    return sayAside(find("warning-fault").textContent);
  }
}
