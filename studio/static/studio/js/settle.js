// The settling page by keyboard: a digit chooses an answer, the same digit again or Enter takes it, E edits one's own,
// S sends one back. Nothing acts while one writes, with a modifier, or where the person has turned single keys off.
const UNREAD = 1000; // milliseconds after the page came in which no digit counts: it was meant for the item before
const BOUNCE = 250; // milliseconds in which the same digit again was meant once
let shownAt = performance.now();
window.addEventListener("pageshow", () => { shownAt = performance.now(); });
const page = document.querySelector("[data-settle]");
const own = document.getElementById("own");
const editor = own?.querySelector("textarea[name='own-rewrite']");
const outcomes = [...(own?.querySelectorAll("input[name='own-outcome']") ?? [])];
const part = own?.querySelector("[data-for]");
const dialog = document.getElementById("send-back");

const writing = (element) => element.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

let chosenAt = 0;

/** The first press marks the button and goes to it, so that Enter takes; the second takes. Taking cannot be undone. */
function choose(button, at) {
  if (at - shownAt < UNREAD) return;
  if (button.ariaPressed === "true") {
    if (at - chosenAt > BOUNCE) button.click();
    return;
  }
  for (const other of document.querySelectorAll("button[data-key]")) other.ariaPressed = String(other === button);
  for (const card of document.querySelectorAll(".reading")) card.classList.toggle("is-chosen", card.id === button.dataset.card);
  document.getElementById(button.dataset.card).scrollIntoView({ block: "nearest" });
  chosenAt = at;
  button.focus({ preventScroll: true });
}

/** What only some outcomes have is there for these, and is not sent with the others. */
function fit() {
  const chosen = outcomes.find((one) => one.checked)?.value;
  part.hidden = part.disabled = !part.dataset.for.split(" ").includes(chosen);
}

/** One's own words: the box to write in, for the outcome that has one; where that is still open, the outcomes. */
function write() {
  own.open = true;
  const fitting = outcomes.filter((one) => part.dataset.for.split(" ").includes(one.value));
  if (fitting.length === 1 && !outcomes.some((one) => one.checked)) fitting[0].checked = true;
  fit();
  (part.hidden ? outcomes.find((one) => one.checked) ?? outcomes[0] : editor).focus();
}

function sendBack(answer) {
  if (!dialog) return;
  const radios = [...dialog.querySelectorAll("input[name=answer]")];
  for (const radio of radios) radio.checked = radio.value === answer;
  if (!radios.length) return;
  dialog.showModal();
  (answer ? dialog.querySelector("textarea") : radios[0]).focus();
}

document.addEventListener("keydown", (event) => {
  if (!page?.hasAttribute("data-keys") || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (writing(event.target) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const take = /^[1-9]$/.test(key) && document.querySelector(`button[data-key="${key}"]`);
  if (take) choose(take, event.timeStamp);
  else if (key === "e" && own) write();
  else if (key === "s" && dialog) sendBack("");
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-start], [data-insert], [data-send-back], [data-own]");
  if (!button) return;
  if ("own" in button.dataset) {
    event.preventDefault();
    return write();
  }
  if (button.dataset.sendBack) return sendBack(button.dataset.sendBack);
  const text = document.querySelector(`[data-version="${button.dataset.start ?? button.dataset.insert}"]`).value;
  if (button.dataset.start) editor.setRangeText(text, 0, editor.value.length, "end");
  else editor.setRangeText(text, editor.selectionStart, editor.selectionEnd, "select");
  editor.focus();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submits]")) event.target.form.requestSubmit();
  if (outcomes.includes(event.target)) fit();
});

// Where there is no room beside the answers, the values statement stands before them, as a line to open.
if (matchMedia("(max-width: 60rem)").matches) document.querySelector("[data-beside]")?.removeAttribute("open");

if (own) {
  fit();
  for (const row of own.querySelectorAll("[data-merge]")) row.hidden = false;
}
