// A form that came back refused: goes to the first field at fault, however far down it stands. The links of the summary
// (templates/_errors.html) go to theirs.
const CONTROL = "input:not([type=hidden]), select, textarea";

document.querySelector("main [aria-invalid=true]")?.focus();

document.addEventListener("click", (event) => {
  const link = event.target.closest("[role=alert] a[href^='#field-']");
  const control = link && document.getElementById(link.hash.slice(1))?.querySelector(CONTROL);
  if (!control) return;
  event.preventDefault();
  control.focus();
});
