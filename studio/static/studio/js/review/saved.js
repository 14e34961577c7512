// Says beside what is written that it is kept, quietly: a screen reader hears it once per item.
import { sayAside } from "./aside.js";
import { t } from "./strings.js";

const SAYS = { "": "", server: t("Draft saved"), machine: t("Draft kept on this machine"), nowhere: t("Draft not saved yet") };
let isHeard = false;
document.addEventListener("review:shown", () => { isHeard = false; showSaved(""); });

/** where: "server", "machine", "nowhere"; "" while it is being written. */
export function showSaved(where) {
  for (const place of document.querySelectorAll("[data-draft-state]")) place.textContent = SAYS[where];
  if (!where || isHeard) return;
  isHeard = true;
  sayAside(SAYS[where]);
}
