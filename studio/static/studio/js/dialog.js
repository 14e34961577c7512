// [data-dialog="id"]: opens that <dialog>; [data-close] inside closes it. Esc and focus are the browser's work.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("dialog [data-close]")) event.target.closest("dialog").close();
});
