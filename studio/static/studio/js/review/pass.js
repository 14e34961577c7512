// Passing on an item: why, by digit or by mouse, and a comment if one wants.

const dialog = document.querySelector("[data-skip-dialog]");

export function openPass() {
  dialog.querySelector("form").reset();
  dialog.showModal();
}

/** pass(reason, comment) */
export function watchPass(pass) {
  dialog.querySelector("form").addEventListener("submit", (event) => {
    const fields = new FormData(event.target);
    pass(fields.get("reason"), fields.get("comment").trim());
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.target.closest("textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const radio = /^[1-9]$/.test(event.key) && dialog.querySelectorAll("[name='reason']")[event.key - 1];
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    radio.focus();
  });
}
