// Every key of the review screen, in one table. `button` names the element that shows the key: [data-key="…"].
// Two layers: reading (single keys) and writing (a text field has the focus; only these two keys act).

export const READING = [
  { action: "fine", keys: ["f"], show: "F", says: "Fine: submit at once" },
  { action: "biased", keys: ["b"], show: "B", says: "Biased" },
  { action: "cannot_judge", keys: ["x"], show: "X", says: "Cannot judge" },
  { action: "category", keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], show: "1–9", says: "Category on or off" },
  { action: "severity-1", keys: ["q"], show: "Q", says: "Severity: slight" },
  { action: "severity-2", keys: ["w"], show: "W", says: "Severity: clear" },
  { action: "severity-3", keys: ["e"], show: "E", says: "Severity: grave" },
  { action: "spans", keys: ["s"], show: "S", says: "Mark words by keyboard" },
  { action: "rewrite", keys: ["r"], show: "R", says: "Rewrite the answer" },
  { action: "comment", keys: ["k"], show: "K", says: "Comment" },
  { action: "submit", keys: ["n", "Enter"], show: "N", says: "Submit (also Enter)" },
  { action: "skip", keys: ["p"], show: "P", says: "Pass on this item, with a reason" },
  { action: "undo", keys: ["u"], show: "U", says: "Take the last answer back (30 s)" },
  { action: "help", keys: ["?"], show: "?", says: "This map" },
];

export const MARKING = [
  { action: "next", keys: ["ArrowRight"], show: "→", says: "Next word (Shift: make the selection longer)" },
  { action: "previous", keys: ["ArrowLeft"], show: "←", says: "Previous word (Shift: make it shorter)" },
  { action: "down", keys: ["ArrowDown"], show: "↓", says: "Ten words on" },
  { action: "up", keys: ["ArrowUp"], show: "↑", says: "Ten words back" },
  { action: "first", keys: ["Home"], show: "Home", says: "First word" },
  { action: "last", keys: ["End"], show: "End", says: "Last word" },
  { action: "assign", keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], show: "1–9", says: "Mark as this category" },
  { action: "mark", keys: ["0", "Enter", " "], show: "0", says: "Mark without a category (also Enter)" },
  { action: "erase", keys: ["Delete", "Backspace"], show: "Del", says: "Take the mark under the cursor away" },
  { action: "leave", keys: ["Escape", "s"], show: "Esc", says: "Back to reading" },
];

export const WRITING = [
  { action: "submit", keys: ["Ctrl+Enter"], show: "Ctrl+Enter", says: "Submit" },
  { action: "leave", keys: ["Escape"], show: "Esc", says: "Back to reading; what you wrote stays" },
];

/** The name of a key press as the tables write it, or "" for one that is the browser's (Ctrl+L, Alt+←, …). */
export function keyName(event) {
  if (event.isComposing || event.altKey) return "";
  if (event.ctrlKey || event.metaKey) return event.key === "Enter" ? "Ctrl+Enter" : "";
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** What `table` does on this key press: its action and the key, or null. */
export function lookUp(table, event) {
  const key = keyName(event);
  const entry = key && table.find((row) => row.keys.includes(key));
  return entry ? { action: entry.action, key } : null;
}
