// Paints one item: prompt or conversation, answer, where it comes from, the values statement. Text nodes only.

const ROLES = { user: "Person", assistant: "Model", system: "Instructions" };
const slot = (name) => document.querySelector(`[data-slot="${name}"]`);

export function paintItem(item) {
  slot("item").dataset.item = item.item;
  slot("item").dataset.seat = item.seat;
  slot("topic").textContent = item.topic?.name || "No topic";
  slot("model").textContent = item.model || "unknown model";
  slot("prompt").replaceChildren(...turnsOf(item).map(turn));
  paintGuideline(item.topic);
}

function turnsOf(item) {
  return item.messages?.length ? item.messages : [{ role: null, content: item.prompt }];
}

function turn({ role, content }) {
  const box = document.createElement("div");
  box.className = "turn";
  if (role) {
    const who = document.createElement("p");
    who.className = "turn-who";
    who.textContent = ROLES[role] || role;
    box.append(who);
  }
  const text = document.createElement("div");
  text.className = "text";
  text.dir = "auto";
  text.textContent = content;
  box.append(text);
  return box;
}

function paintGuideline(topic) {
  const guideline = topic?.guideline;
  slot("guideline-title").textContent = guideline ? `${topic.name}, version ${guideline.version}` : "";
  slot("guideline-text").textContent = guideline ? guideline.text : "Nobody has written one for this topic yet.";
}

/** "item": something to review; "waiting": asked, nothing yet; "empty": nothing to review. */
export function paintState(state) {
  document.body.dataset.review = state;
  for (const part of document.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
}

export function paintSitting(done) {
  slot("sitting").textContent = done;
}
