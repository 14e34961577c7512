// The lines in the strip about what is not saved yet, and about what went wrong with something that was written.
import { t, tn } from "./strings.js";
import { LoggedOut } from "./transport.js";

const $ = (name) => document.querySelector(`[data-${name}]`);

/** tell(matter, tone, text, kept): a line that stays until it is dismissed; `kept` is text to offer back. */
export function teller(strip) {
  return (matter, tone, text, kept = "") => {
    const dismiss = { label: t("Dismiss"), run: () => strip.clear(matter) };
    const show = { label: t("Show what I wrote"), run: () => showKept(kept) };
    strip.set(matter, { tone, text, actions: kept ? [show, dismiss] : [dismiss] });
  };
}

/** What a person wrote in an answer, to be offered back. */
export const written = ({ rewrite, comment }) => [rewrite, comment].filter(Boolean).join("\n\n");

function showKept(text) {
  $("kept-text").value = text;
  $("kept-dialog").showModal();
}

export function showUnsaved(strip, outbox) {
  paintWaiting(outbox);
  if (outbox.trouble instanceof LoggedOut) {
    const login = { label: t("Log in in a new tab"), href: $("review-root").dataset.login };
    strip.set("session", { tone: "warn", text: outbox.trouble.message, actions: [login] });
  } else {
    strip.clear("session");
  }
  const count = outbox.unsaved;
  if (!count) return strip.clear("unsaved");
  const what = tn("{n} answer is not saved yet.", "{n} answers are not saved yet.", count);
  const kept = outbox.isLasting === false ? t("Keep this tab open: trying again.") : t("Kept on this machine: trying again.");
  return strip.set("unsaved", {
    tone: "warn",
    text: `${what} ${kept}`,
    actions: [{ label: t("Retry now"), run: () => outbox.retryNow() }],
  });
}

/** In place of an item, while none is at hand until the last answers have reached the studio. */
function paintWaiting({ trouble, records }) {
  const n = records.length;
  $("waiting-title").textContent = trouble ? whereTheyAre(trouble, n) : t("Saving…");
  $("waiting-why").textContent = trouble
    ? t("Items come three at a time, and these are done. The next ones come by themselves as soon as the studio can be reached.")
    : t("The next item comes as soon as the studio has your last answers.");
}

function whereTheyAre(trouble, n) {
  if (trouble instanceof LoggedOut) return tn("You are logged out; {n} answer is kept here.", "You are logged out; {n} answers are kept here.", n);
  if (!navigator.onLine) return tn("You are offline; {n} answer is kept here.", "You are offline; {n} answers are kept here.", n);
  return tn("The studio cannot be reached; {n} answer is kept here.", "The studio cannot be reached; {n} answers are kept here.", n);
}
