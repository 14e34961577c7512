// Why the rewrite changed what it changed: chips below the editor. With single keys: one key, then a digit.
import { keyNames } from "./keymap.js";
import { t } from "./strings.js";

export class Reasons {
  constructor({ box, reasons, form, rewrite, say }) {
    Object.assign(this, { box, reasons, form, rewrite, say, isOn: false, holds: false });
    box.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-reason]");
      if (chip) this.toggle(chip.dataset.reason);
    });
  }

  enter() {
    if (!this.reasons.length) return this.say(t("This project has no reasons to choose from."));
    if (!this.rewrite.isOpen) return this.say(t("Reasons belong to a rewrite: write one first."));
    this.set(true);
    this.box.scrollIntoView({ block: "nearest" });
    const named = this.reasons.slice(0, 9).map(({ label }, index) => `${index + 1} ${label}`).join(", ");
    return this.say(t("Reasons: {named}. Escape leaves.", { named }));
  }

  leave() {
    if (this.isOn) this.set(false);
  }

  set(isOn) {
    this.isOn = isOn;
    this.box.classList.toggle("is-armed", isOn);
  }

  /** True when the key was one of this layer: a digit chooses, Escape leaves. Any other does what it always does. */
  key(event) {
    const keys = keyNames(event);
    if (keys.includes("Escape")) {
      this.leave();
      this.say(t("Back to reading."));
      return true;
    }
    const digit = keys.find((key) => /^[1-9]$/.test(key));
    const reason = digit && this.reasons[digit - 1];
    if (reason) this.toggle(reason.slug);
    return !!reason;
  }

  toggle(slug) {
    this.form.toggleReason(slug);
    const { label } = this.reasons.find((one) => one.slug === slug);
    this.say(this.form.state.reasons.includes(slug) ? t("{label}: chosen.", { label }) : t("{label}: not chosen.", { label }));
  }
}
