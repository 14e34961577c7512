// The map of keys: what each does, which ones a person changed, and the switch that turns single keys off (WCAG 2.1.4).
// What is chosen here is kept on the account, so that it holds on every machine.
import { MARKING, printed, WRITING } from "./keymap.js";
import { t } from "./strings.js";
import { post } from "./transport.js";

const MODES = { "": t("On every item"), review: t("Review"), compare: t("Comparison"), demonstrate: t("Demonstration") };
const KEEP = ["Escape", "Tab", "Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead"];

export class Help {
  /** settings: {singleKeys}; modes(): the ways of working this person has met, the present one first. */
  constructor({ dialog, keymap, settings, url, modes }) {
    Object.assign(this, { dialog, keymap, settings, url, modes, waiting: null });
    this.table = dialog.querySelector("[data-keymap]");
    this.status = dialog.querySelector("[data-keymap-says]");
    this.box = dialog.querySelector("[data-single-keys]");
    this.box.addEventListener("change", () => this.switch(this.box.checked));
    dialog.querySelector("[data-keymap-reset]").addEventListener("click", () => this.keep({}, t("The usual keys are back.")));
    this.table.addEventListener("click", (event) => {
      const button = event.target.closest("[data-change]");
      if (button) this.ask(button.dataset.change);
    });
    dialog.addEventListener("keydown", (event) => this.pressed(event));
    dialog.addEventListener("cancel", (event) => { if (this.waiting) event.preventDefault(); });
    dialog.addEventListener("close", () => { this.waiting = null; });
    this.print();
  }

  show() {
    this.draw();
    this.say(t("Press a key's button to change it."));
    this.dialog.showModal();
  }

  say(text) {
    this.status.textContent = text;
  }

  ask(action) {
    this.waiting = action;
    const { says } = this.keymap.rows.find((row) => row.action === action);
    this.draw();
    this.focus(action);
    this.say(t("Press the new key for “{action}”. Escape keeps the old one.", { action: says }));
  }

  pressed(event) {
    if (!this.waiting || (KEEP.includes(event.key) && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    const action = this.waiting;
    const key = event.key.toLowerCase();
    if (event.key === "Escape") return this.end(t("Nothing changed."));
    if ([...key].length !== 1 || key.trim() === "" || key === "?" || event.ctrlKey || event.metaKey || event.altKey) {
      return this.say(t("This key has a fixed meaning. Choose a letter, a digit or a sign."));
    }
    const other = this.keymap.taken(key, action);
    if (other) return this.say(t("{key} is already “{action}”. Choose another key.", { key: printed(key), action: other.says }));
    this.waiting = null;
    return this.keep(this.keymap.changed(action, key), t("Changed to {key}.", { key: printed(key) }), action);
  }

  async keep(keys, says, focus = null) {
    const before = this.keymap.own;
    this.keymap.own = keys;
    try {
      await post(this.url, { keys });
    } catch (failure) {
      this.keymap.own = before;
      return this.end(t("Not changed. {why}", { why: failure.message }), focus);
    }
    this.print();
    return this.end(says, focus);
  }

  end(says, focus = this.waiting) {
    this.waiting = null;
    this.draw();
    this.focus(focus);
    this.say(says);
  }

  // Drawing makes new buttons: the focus goes to the one that stands where the old one stood.
  focus(action) {
    this.table.querySelector(`[data-change="${action}"]`)?.focus();
  }

  async switch(isOn) {
    this.settings.singleKeys = isOn; // at once: the next key may come before the studio's reply
    try {
      await post(this.url, { single_keys: isOn });
      this.say(isOn ? t("Single keys act.") : t("Single keys are off."));
    } catch (failure) {
      this.settings.singleKeys = !isOn;
      this.say(t("Not changed. {why}", { why: failure.message }));
    }
    this.print();
  }

  /** The keys on the buttons of the screen. */
  print() {
    const keys = Object.fromEntries(this.keymap.rows.map((row) => [row.action, printed(row.key)]));
    for (const place of document.querySelectorAll("[data-key]")) place.textContent = keys[place.dataset.key] ?? place.textContent;
    document.body.classList.toggle("no-single-keys", !this.settings.singleKeys);
    this.box.checked = this.settings.singleKeys;
  }

  draw() {
    const rows = this.keymap.rows;
    const reading = [...this.modes(), ""].map((mode) => section(MODES[mode], rows.filter((row) => mode ? row.modes.split(" ").includes(mode) : !row.modes).map((row) => this.reading(row))));
    const sections = reading.filter((box) => box.querySelector("dd")); // a way of working may have no keys of its own
    const fixed = [[t("While marking words"), MARKING], [t("While writing"), WRITING]];
    this.table.replaceChildren(...sections, ...fixed.map(([name, table]) => section(name, table.map((row) => line(kbd(row.show), row.says)))));
  }

  reading(row) {
    if (row.fixed) return line(kbd(row.key), row.says);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "key-change";
    button.dataset.change = row.action;
    const waits = this.waiting === row.action;
    button.append(kbd(waits ? "…" : printed(row.key)));
    button.setAttribute("aria-label", t("{key}: {action}. Change this key", { key: printed(row.key), action: row.says }));
    const changed = row.action in this.keymap.own;
    const also = row.also.length ? ` (${t("also {keys}", { keys: row.also.map(printed).join(", ") })})` : "";
    return line(button, row.says + also, changed);
  }
}

function section(name, lines) {
  const box = document.createElement("section");
  const title = document.createElement("h3");
  title.textContent = name;
  const list = document.createElement("dl");
  list.append(...lines);
  box.append(title, list);
  return box;
}

function line(key, text, isChanged = false) {
  const box = document.createElement("div");
  box.classList.toggle("is-changed", isChanged);
  const term = document.createElement("dt");
  term.append(key);
  const says = document.createElement("dd");
  says.textContent = text;
  box.append(term, says);
  return box;
}

function kbd(text) {
  const key = document.createElement("kbd");
  key.textContent = text;
  return key;
}
