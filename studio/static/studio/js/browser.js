// The data browser: its address, how many items are chosen, and the dialog that says what will happen to them.
const form = document.querySelector("form[data-bulk]");
const dialog = document.getElementById("bulk-dialog");

if (form) {
  const rows = [...form.querySelectorAll("input[name=item]")];
  const page = form.querySelector("[data-choose-all]");
  const found = form.querySelector("[data-choose-found]");
  const words = form.querySelector("[data-chosen]");
  const buttons = [...form.querySelectorAll("button[name=verb]")];

  const count = () => {
    const chosen = rows.filter((row) => row.checked).length;
    words.textContent = found.checked ? "All that match" : chosen ? `${chosen} chosen` : "All on this page";
    page.checked = chosen === rows.length;
    page.indeterminate = chosen > 0 && chosen < rows.length;
    for (const row of rows) row.closest("tr").classList.toggle("is-marked", row.checked || found.checked);
    for (const button of buttons) button.disabled = !chosen && !found.checked;
  };
  page.addEventListener("change", () => { for (const row of rows) row.checked = page.checked; count(); });
  form.addEventListener("change", count);
  window.addEventListener("pageshow", count);
  count();
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === dialog && !dialog.open) dialog.showModal();
});
document.addEventListener("click", (event) => {
  // The cancel link leads back to the page where the dialog is a page of its own; in a dialog it only closes it.
  if (dialog && event.target.closest("#bulk-dialog a[data-close]")) event.preventDefault();
});
// An address to share holds the filters that are in use, not the seventeen that are not.
document.querySelector(".shelf-filters").addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});
