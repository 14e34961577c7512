// Which layer a key press belongs to, and what it does there.
import { singleKeysAreOn } from "./help.js";
import { lookUp, READING, WRITING } from "./keymap.js";

const WRITES = "textarea, select, input:not([type=checkbox], [type=radio]), [contenteditable]";
const OWN_KEYS = "button, a, summary, input, [tabindex='0']"; // Enter and space press these

export function listen({ spans, act, leaveWriting }) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const hit = event.target.closest(WRITES) ? writing(event, leaveWriting) : reading(event, spans);
    if (!hit) return;
    event.preventDefault();
    if (hit.action && !(event.repeat && hit.action !== "category")) act(hit.action, hit.key);
  });
}

function writing(event, leave) {
  const hit = lookUp(WRITING, event);
  if (hit?.action !== "leave") return hit;
  leave(event.target);
  return {};
}

function reading(event, spans) {
  const presses = (event.key === "Enter" || event.key === " ") && event.target.closest(OWN_KEYS);
  if (presses && !event.ctrlKey && !event.metaKey) return null;
  if (lookUp(WRITING, event)?.action === "submit") return { action: "submit" };
  if (spans.marking) return spans.key(event) ? {} : null;
  return singleKeysAreOn() ? lookUp(READING, event) : null;
}
