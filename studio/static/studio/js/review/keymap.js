// Every key of the review screen. Three layers: reading (single keys; which ones depends on the way of working),
// marking words (a cursor moves over the answer), writing (a text field has the focus; only two keys act).
// The reading layer can be changed by each person; annotation/preferences.py has the same table, and checks it.
import { t } from "./strings.js";

const ROWS = [
  // action, key, what it does, ways of working ("" is all), further keys
  ["fine", "f", t("Fine: submits at once"), "review"],
  ["biased", "b", t("Biased"), "review"],
  ["left", "1", t("A is better: submits at once"), "compare", ["ArrowLeft"]],
  ["right", "2", t("B is better: submits at once"), "compare", ["ArrowRight"]],
  ["tie", "3", t("Tie: submits at once"), "compare", ["t"]],
  ["both_bad", "4", t("Both bad: submits at once"), "compare", ["0"]],
  ["cannot_judge", "x", t("Cannot judge: submits at once"), ""],
  ["severity-1", "q", t("Severity: mild"), "review"],
  ["severity-2", "w", t("Severity: clear"), "review"],
  ["severity-3", "e", t("Severity: severe"), "review"],
  ["spans", "s", t("Mark words by keyboard"), "review"],
  ["rewrite", "r", t("Write: the rewrite, or the answer"), ""],
  ["reasons", "g", t("Reasons for the rewrite: then a digit"), "review compare"],
  ["comment", "k", t("Comment"), ""],
  ["submit", "n", t("Submit"), "", ["Enter"]],
  ["skip", "p", t("Pass on this item, with a reason"), ""],
  ["undo", "u", t("Take the last answer or pass back (30 s)"), ""],
  ["variants", "c", t("Ask about others: the same prompt about another group"), ""],
  ["differences", "d", t("Show differences"), "compare"],
  ["reveal", "v", t("Show what is covered"), ""],
];
const HELP = { action: "help", key: "?", says: t("This map"), modes: "", also: [], fixed: true };

/** Rows of the reading layer, with the person's own keys. `categories` are those of the project. */
export class Keymap {
  constructor({ categories, keys }) {
    this.own = keys || {};
    const named = categories.slice(0, 9).map(({ name }, index) => [
      `category-${index + 1}`, String(index + 1), t("Category: {name}", { name }), "review",
    ]);
    const rows = [...ROWS.slice(0, 7), ...named, ...ROWS.slice(7)];
    this.usual = rows.map(([action, key, says, modes, also = []]) => ({ action, key, says, modes, also }));
  }

  get rows() {
    return [...this.usual.map((row) => ({ ...row, key: this.own[row.action] ?? row.key })), HELP];
  }

  of(mode) {
    return this.rows.filter((row) => !row.modes || row.modes.split(" ").includes(mode));
  }

  /** What a key press means in this way of working: an action, or null. */
  action(event, mode) {
    const rows = this.of(mode);
    for (const key of keyNames(event)) {
      const row = rows.find((one) => one.key === key) || rows.find((one) => one.also.includes(mirrored(key)));
      if (row) return row.action;
    }
    return null;
  }

  /** The action that already has `key` somewhere where `action` acts, as its row; null when the key is free. */
  taken(key, action) {
    const mine = this.rows.find((row) => row.action === action);
    const meet = (row) => !row.modes || !mine.modes || row.modes.split(" ").some((one) => mine.modes.split(" ").includes(one));
    return this.rows.find((row) => row.action !== action && row.key === key && meet(row)) || null;
  }

  /** {action: key} as it would be after a change; what equals the usual key is left out. */
  changed(action, key) {
    const usual = this.usual.find((row) => row.action === action).key;
    const { [action]: _, ...others } = this.own;
    return key === usual ? others : { ...others, [action]: key };
  }
}

// In a page that is written from right to left, A stands on the right: the arrows point at what is seen.
function mirrored(key) {
  if (document.dir !== "rtl") return key;
  return { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" }[key] || key;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

export const MARKING = [
  { action: "right", keys: ["ArrowRight"], show: "→", says: t("One word to the right (with Shift: the selection goes with it)") },
  { action: "left", keys: ["ArrowLeft"], show: "←", says: t("One word to the left (with Shift: the selection goes with it)") },
  { action: "down", keys: ["ArrowDown"], show: "↓", says: t("Ten words on") },
  { action: "up", keys: ["ArrowUp"], show: "↑", says: t("Ten words back") },
  { action: "first", keys: ["Home"], show: "Home", says: t("First word") },
  { action: "last", keys: ["End"], show: "End", says: t("Last word") },
  { action: "assign", keys: DIGITS, show: "1–9", says: t("Mark as this category") },
  { action: "mark", keys: ["0", "Enter", " "], show: "0", says: t("Mark without a category (also Enter)") },
  { action: "erase", keys: ["Delete", "Backspace"], show: "Del", says: t("Take the mark under the cursor away") },
  { action: "leave", keys: ["Escape", "s"], show: "Esc", says: t("Back to reading") },
];

export const WRITING = [
  { action: "submit", keys: ["Ctrl+Enter"], show: "Ctrl+Enter", says: t("Submit") },
  { action: "leave", keys: ["Escape"], show: "Esc", says: t("Back to reading; what you wrote stays") },
];

/**
 * The names of a key press, the likeliest first; none for one that is the browser's (Ctrl+L, Alt+←, …). On a keyboard
 * that writes no Latin letters, or digits only with Shift, the place of the key counts where its letter means nothing.
 */
export function keyNames(event) {
  if (event.isComposing || event.altKey) return [];
  if (event.ctrlKey || event.metaKey) return event.key === "Enter" ? ["Ctrl+Enter"] : [];
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const place = /^(?:Key|Digit)(.)$/.exec(event.code || "")?.[1].toLowerCase();
  return key.length === 1 && !/[a-z0-9]/.test(key) && place && !event.shiftKey ? [key, place] : [key];
}

/** What `table` does on this key press: its action and the key, or null. */
export function lookUp(table, event) {
  for (const key of keyNames(event)) {
    const entry = table.find((row) => row.keys.includes(key));
    if (entry) return { action: entry.action, key };
  }
  return null;
}

const SHOWN = { ArrowLeft: "←", ArrowRight: "→" };

/** A key as it is printed on a button. */
export function printed(key) {
  return SHOWN[key] || (key.toUpperCase().length === 1 ? key.toUpperCase() : key);
}
