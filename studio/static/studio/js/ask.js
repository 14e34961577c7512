// form[data-ask="Sentence? What happens then."]: asks in the page's own dialog before it sends; for deeds that are hard to
// take back. The button that says yes is named and coloured as the one that was pressed.
const dialog = document.querySelector("[data-ask-dialog]");
let asked = null; // {form, button}: what waits for an answer

document.addEventListener("submit", (event) => {
  const [form, question] = [event.target, event.target.dataset?.ask];
  if (!question || !dialog || asked?.sure) return;
  event.preventDefault();
  event.stopPropagation(); // nothing is sent yet: data-once must not switch the buttons off
  asked = { form, button: event.submitter };
  const [, title, rest] = question.match(/^(.*?\?)\s+(.+)$/s) ?? [null, question, ""];
  const yes = dialog.querySelector("[data-ask-yes]");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = rest;
  yes.textContent = event.submitter?.textContent.trim() || title;
  yes.className = `btn ${event.submitter?.classList.contains("btn-danger") ? "btn-danger" : "btn-primary"}`;
  dialog.showModal();
}, true);

dialog?.querySelector("[data-ask-yes]").addEventListener("click", () => {
  const { form, button } = asked;
  asked.sure = true;
  dialog.close();
  form.requestSubmit(button);
});
dialog?.addEventListener("close", () => { if (!asked?.sure) asked = null; });
window.addEventListener("pageshow", () => { asked = null; });
