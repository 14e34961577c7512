// The counterfactual strip: the same prompt with a group's term swapped, and what the live model answers to each, side
// by side. Asked for on demand; asked again every 300 ms until every answer is there.
import { find, item as itemBox, sayAside } from "./aside.js";
import { wordDiff, words } from "./diff.js";
import { t, tn } from "./strings.js";
import { LoggedOut, post, Refused, Unreachable } from "./transport.js";

const EVERY = 300; // milliseconds
const ALIKE = 0.25; // texts that share fewer words are different answers, and not an answer with other words

export class Variants {
  constructor({ data }) {
    this.url = data.urls.variants;
    this.box = find("variants");
    this.list = find("variants-list");
    this.state = find("variants-state");
    find("variants-close").addEventListener("click", () => this.close());
    document.addEventListener("review:shown", ({ detail }) => { this.hide(); this.item = detail.item; });
    document.addEventListener("review:left", () => this.hide());
    document.addEventListener("review:empty", () => this.hide());
    document.addEventListener("review:variants", () => (this.box.hidden ? this.open() : this.close()));
    document.addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  key(event) {
    const elsewhere = event.target.closest("textarea, input, select, dialog") || document.body.classList.contains("is-marking");
    if (event.key !== "Escape" || this.box.hidden || elsewhere) return;
    event.preventDefault();
    this.close();
  }

  open() {
    if (!this.item) return;
    this.box.hidden = false;
    this.list.replaceChildren();
    this.tell(t("Asking the model the same with other groups…"));
    find("variants-title").focus({ preventScroll: true });
    this.box.scrollIntoView({ block: "nearest" });
    this.ask(this.item);
  }

  close() {
    const hadFocus = this.box.contains(document.activeElement);
    this.hide();
    if (hadFocus) itemBox().focus({ preventScroll: true });
  }

  hide() {
    clearTimeout(this.timer);
    this.timer = null;
    this.box.hidden = true;
  }

  tell(text) {
    this.state.hidden = !text;
    if (this.state.textContent === text) return;
    this.state.textContent = text;
    if (text) sayAside(text);
  }

  async ask(item) {
    let body;
    try {
      body = await post(this.url, { seat: item.seat });
    } catch (failure) {
      if (!(failure instanceof Refused || failure instanceof Unreachable || failure instanceof LoggedOut)) throw failure;
      if (this.isOpenFor(item)) this.tell(failure.message);
      return;
    }
    if (!this.isOpenFor(item)) return;
    const waiting = [body.original, ...body.variants].filter((one) => one?.state === "asked").length;
    this.paint(body, waiting);
    if (waiting) this.timer = setTimeout(() => this.ask(item), EVERY);
  }

  isOpenFor(item) {
    return !this.box.hidden && this.item === item;
  }

  paint({ variants, original, why }, waiting) {
    if (!original || !variants.length) {
      this.list.replaceChildren();
      return this.tell(why || t("There is nothing to swap in this prompt."));
    }
    const faults = new Set([original, ...variants].map(({ state, error }) => (state === "failed" ? error : "")));
    if (faults.size === 1 && !faults.has("")) { // one reason for all is said once
      this.list.replaceChildren();
      return this.tell([...faults][0]);
    }
    this.tell(waiting ? tn("{n} answer is on its way…", "{n} answers are on their way…", waiting) : "");
    const columns = [this.first(original, variants), ...variants.map((variant) => this.column(variant, original))];
    const key = JSON.stringify([original, variants]);
    if (this.painted === key && this.list.children.length) return null;
    this.painted = key;
    this.list.replaceChildren(...columns);
    this.box.scrollIntoView({ block: "nearest" });
    if (!waiting) sayAside(t("All answers are there."));
    return null;
  }

  first(original, variants) {
    const olds = [...new Set(variants.map((variant) => variant.old))].join(", ");
    return column(t("As asked: {term}", { term: olds }), [original.prompt], this.answer(original));
  }

  column(variant, original) {
    const title = document.createDocumentFragment();
    title.append(node("del", "", variant.old), node("span", "swap-arrow"), node("ins", "", variant.new));
    return column(title, swap(original.prompt, variant.prompt), this.answer(variant, original));
  }

  answer({ state, answer, error }, first = null) {
    if (state === "asked") return [node("span", "muted", t("Waiting…"))];
    if (state === "failed") return [node("span", "variant-fault", error || t("The model gave no answer."))];
    return first?.answer ? compared(first.answer, answer) : [answer];
  }
}

function column(title, prompt, answer) {
  const box = node("section", "variant");
  const head = node("h3", "");
  head.dir = "auto"; // the terms', and the arrow between them turns with it
  head.append(title);
  const asked = node("p", "variant-prompt");
  asked.dir = "auto";
  asked.append(...prompt);
  const says = node("div", "text variant-answer");
  says.dir = "auto";
  says.append(...answer);
  box.append(head, asked, says);
  return box;
}

/** The swapped prompt, with what went and what came. */
function swap(before, after) {
  return wordDiff(before, after).map(({ op, text }) => (op === "same" ? text : node(op, "", text)));
}

/** The other answer, and how much of it the first says too; the words that the first does not have are marked. */
function compared(first, other) {
  const parts = wordDiff(first, other);
  const shared = parts.filter(({ op }) => op === "same").reduce((n, { text }) => n + words(text).length, 0);
  const share = shared / Math.max(words(first).length, words(other).length);
  // xgettext:no-javascript-format (the % is a percent sign)
  const partly = t("{percent} % of the words are the same.", { percent: Math.floor(100 * share) });
  const says = node("p", "variant-share muted", first === other ? t("Word for word the same answer.") : partly);
  if (share < ALIKE) return [says, other];
  return [says, ...parts.filter(({ op }) => op !== "del").map(({ op, text }) => (op === "same" ? text : node("ins", "", text)))];
}

function node(name, look, text = "") {
  const element = document.createElement(name);
  if (look) element.className = look;
  element.textContent = text;
  return element;
}
