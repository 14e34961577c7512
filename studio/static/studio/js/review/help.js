// The map of keys, built from the keymap itself, and the switch that turns single keys off (WCAG 2.1.4).
import { MARKING, READING, WRITING } from "./keymap.js";

const SWITCH = "single-keys";

export function singleKeysAreOn() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}

export function buildHelp(dialog) {
  const layers = [["Reading", READING], ["Marking words", MARKING], ["Writing", WRITING]];
  dialog.querySelector("[data-keymap]").replaceChildren(...layers.map(([name, rows]) => section(name, rows)));
  const box = dialog.querySelector("[data-single-keys]");
  box.checked = singleKeysAreOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, box.checked ? "on" : "off");
    } catch {
      box.checked = true; // nothing can be remembered: the keys stay on
    }
    document.body.classList.toggle("no-single-keys", !box.checked);
  });
  document.body.classList.toggle("no-single-keys", !box.checked);
}

function section(name, rows) {
  const box = document.createElement("section");
  const title = document.createElement("h3");
  title.textContent = name;
  const list = document.createElement("dl");
  for (const row of rows) {
    const line = document.createElement("div");
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = row.show;
    term.append(key);
    const says = document.createElement("dd");
    says.textContent = row.says;
    line.append(term, says);
    list.append(line);
  }
  box.append(title, list);
  return box;
}
