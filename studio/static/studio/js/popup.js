// details[data-popup]: a small menu over the page. It closes at Esc, at a press elsewhere and when the focus leaves it.
const close = (popup) => { popup.open = false; };
const others = (target) => [...document.querySelectorAll("details[data-popup][open]")].filter((popup) => !popup.contains(target));

document.addEventListener("click", (event) => others(event.target).forEach(close));
document.addEventListener("focusin", (event) => { if (!event.target.closest("dialog")) others(event.target).forEach(close); });
document.addEventListener("keydown", (event) => {
  const popup = event.key === "Escape" && event.target.closest("details[data-popup][open]");
  if (!popup) return;
  close(popup);
  popup.querySelector("summary").focus();
});
