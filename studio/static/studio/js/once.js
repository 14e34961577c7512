// form[data-once]: a second press of the button does not send the form twice. Coming back to the page frees it again.
const buttons = (form) => [...form.elements].filter((control) => control.localName === "button"); // also those elsewhere

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-once]")) return;
  for (const button of buttons(event.target)) setTimeout(() => { button.disabled = true; });
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) for (const button of buttons(form)) button.disabled = false;
});
