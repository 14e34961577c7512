// The settling page by keyboard: a digit chooses an answer, the same digit again or Enter takes it, E edits one's own,
// S sends one back. Nothing acts while one writes, with a modifier, or where the person has turned single keys off.
const UNREAD = 1000; // milliseconds after the page came in which no digit counts: it was meant for the item before
const BOUNCE = 250; // milliseconds in which the same digit again was meant once
let shownAt = performance.now();
window.addEventListener("pageshow", () => { shownAt = performance.now(); });
const page = document.querySelector("[data-settle]");
const editor = document.querySelector("#own textarea[name='own-rewrite']");
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
  chosenAt = at;
  button.focus();
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
  else if (key === "e" && editor) editor.focus();
  else if (key === "s" && dialog) sendBack("");
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-start], [data-insert], [data-send-back]");
  if (!button) return;
  if (button.dataset.sendBack) return sendBack(button.dataset.sendBack);
  const text = document.querySelector(`[data-version="${button.dataset.start ?? button.dataset.insert}"]`).value;
  if (button.dataset.start) editor.setRangeText(text, 0, editor.value.length, "end");
  else editor.setRangeText(text, editor.selectionStart, editor.selectionEnd, "select");
  editor.focus();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submits]")) event.target.form.requestSubmit();
});
