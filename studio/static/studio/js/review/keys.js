// Which layer a key press belongs to, and what it does there.
import { lookUp, WRITING } from "./keymap.js";

const WRITES = "textarea, select, input:not([type=checkbox], [type=radio]), [contenteditable]";
const BOUNCE = 200; // milliseconds: a key pressed twice in this time was meant once, and the next item is not read yet
const ASIDE = "[data-pause], [data-check-in]"; // what is asked beside the item: no key there says anything about the item
const TICKED = "input[type=checkbox], input[type=radio]"; // digits and arrows are theirs
const OPEN = "body, [data-slot='item']"; // where arrows turn no other thing, and scroll nothing
const OWN_KEYS = "button, a, summary, input, [tabindex='0']"; // Enter and space press these

/**
 * layers: what takes keys first while it is on, as {isOn, holds, key(event)}: marking words holds every key, reasons only
 * its own. settings: {singleKeys}; mode(): the way of working; act(action): does it; completes: actions that may bring
 * the next item.
 */
export function listen({ layers, keymap, settings, mode, act, completes, leaveWriting }) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target.closest(`${ASIDE}, ${TICKED}`)) return aside(event);
    const hit = event.target.closest(WRITES) ? writing(event, leaveWriting) : reading(event);
    if (!hit) return;
    event.preventDefault();
    if (hit.action && !event.repeat && !bounces(hit.action, event.timeStamp)) act(hit.action);
  });

  function aside(event) {
    if (lookUp(WRITING, event)?.action === "leave") leaveWriting(event.target);
  }

  let last = { action: "", at: 0 };
  function bounces(action, at) {
    const again = action === last.action && at - last.at < BOUNCE && completes.includes(action);
    last = { action, at };
    return again;
  }

  function reading(event) {
    const presses = (event.key === "Enter" || event.key === " ") && event.target.closest(OWN_KEYS);
    if (presses && !event.ctrlKey && !event.metaKey) return null;
    if (lookUp(WRITING, event)?.action === "submit") return { action: "submit" };
    const layer = layers.find((one) => one.isOn);
    if (layer?.key(event)) return {};
    if (layer?.holds) return null;
    if (event.key.startsWith("Arrow") && !event.target.matches(OPEN)) return null;
    const action = settings.singleKeys ? keymap.action(event, mode()) : null;
    return action && { action };
  }
}

function writing(event, leave) {
  const hit = lookUp(WRITING, event);
  if (hit?.action !== "leave") return hit;
  leave(event.target);
  return {};
}
