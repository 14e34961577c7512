// form[data-log-out="person"][data-asks="sentence with {n}"]: what this person wrote and the studio has is forgotten on
// this machine, which may be a shared one; for what is not saved yet, the log-out asks first.
const PATIENCE = 3000; // milliseconds that a review screen has to save what it can

/** The keys of this person's drafts, as {key, isSent}. */
function drafts(person) {
  try {
    const mine = Object.keys(localStorage).filter((key) => key.startsWith(`draft:${person}:`));
    return mine.map((key) => ({ key, isSent: !!JSON.parse(localStorage.getItem(key))?.sent }));
  } catch {
    return []; // switched off: nothing is kept
  }
}

async function waiting(person) {
  try {
    const { Store } = await import("./review/store.js");
    return await new Store().count(person);
  } catch {
    return 0; // no disk to keep an answer on: the review screen itself warns
  }
}

async function leave(form) {
  const { logOut: person, asks } = form.dataset;
  const last = [];
  document.dispatchEvent(new CustomEvent("studio:logout", { detail: last }));
  await Promise.race([Promise.allSettled(last), new Promise((go) => setTimeout(go, PATIENCE))]);
  const written = drafts(person);
  const unsaved = (await waiting(person)) + written.filter(({ isSent }) => !isSent).length;
  if (unsaved && !window.confirm(asks.replace("{n}", unsaved))) {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    return;
  }
  for (const { key, isSent } of written) if (isSent) localStorage.removeItem(key);
  form.submit();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-log-out]")) return;
  event.preventDefault();
  leave(event.target);
});
