// Paints one item: the prompt or the conversation, one answer, two, or none, and what is known about it.
import { drawText } from "./highlight.js";
import { t, tn } from "./strings.js";

const ROLES = { user: t("User"), assistant: t("Assistant"), system: t("System") };
const KEPT = 3; // turns of a long conversation that stay open: the last question, and what it answers
const slot = (name) => document.querySelector(`[data-slot="${name}"]`);

export function paintItem(item) {
  const box = slot("item");
  paintMode(item.mode);
  paintPrompt(item);
  slot("topic").textContent = item.topic?.name || t("No topic");
  slot("source").hidden = !item.model;
  slot("model").textContent = item.model;
  if (item.mode === "compare") {
    drawText(slot("left"), item.text);
    drawText(slot("right"), item.other);
  }
  const texts = [[document.querySelector("[data-answer]"), item.text], [slot("left"), item.text], [slot("right"), item.other]];
  for (const [place, text] of texts) place.classList.toggle("is-nothing", !text?.trim());
  slot("returned").hidden = item.returned === null;
  slot("returned-text").textContent = item.returned || "";
  Object.assign(box.dataset, { item: item.item, seat: item.seat }); // last: whoever watches, sees a painted item
}

function paintMode(mode) {
  document.body.dataset.mode = mode;
  for (const part of document.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(mode);
}

function paintPrompt({ messages, prompt }) {
  const turns = messages?.length ? messages.map(turn) : [turn({ role: null, content: prompt })];
  turns.at(-1).classList.add("turn-last");
  slot("prompt-title").textContent = turns.length > 1 ? t("Conversation") : t("Prompt");
  const folded = turns.length > KEPT + 1 ? turns.slice(0, -KEPT) : [];
  slot("prompt").replaceChildren(...(folded.length ? [unfold(folded)] : []), ...turns);
}

/** A button in place of the earlier turns. */
function unfold(turns) {
  for (const one of turns) one.hidden = true;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet btn-small turn-fold";
  button.textContent = tn("Show {n} earlier turn", "Show {n} earlier turns", turns.length);
  button.addEventListener("click", () => {
    for (const one of turns) one.hidden = false;
    turns[0].tabIndex = -1;
    turns[0].focus();
    button.remove();
  });
  return button;
}

function turn({ role, content }) {
  const box = document.createElement("div");
  box.className = role ? `turn turn-${role}` : "turn";
  if (role) {
    const who = document.createElement("p");
    who.className = "turn-who";
    who.textContent = ROLES[role] || role;
    box.append(who);
  }
  const text = document.createElement("div");
  text.className = "text";
  text.dir = "auto";
  drawText(text, content);
  box.append(text);
  return box;
}

/** "item": something to review; "waiting": asked, nothing yet; "empty": nothing to review, `why` as the server says. */
export function paintState(state, why = "") {
  document.body.dataset.review = state;
  if (state === "empty") slot("why-empty").textContent = why || t("Everything that waits is with somebody else, or answered.");
  for (const part of document.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
}

export function paintSitting(done) {
  slot("sitting").textContent = done;
}
