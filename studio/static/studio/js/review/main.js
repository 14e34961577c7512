// The review screen: finds its data in the page, joins the parts, and gives every key and button its deed.
import { Clock } from "./clock.js";
import { Correction, NOT_HERE } from "./correction.js";
import { Drafts } from "./drafts.js";
import { Form } from "./form.js";
import { Help } from "./help.js";
import { Keymap } from "./keymap.js";
import { listen } from "./keys.js";
import { Lease } from "./lease.js";
import { Outbox } from "./outbox.js";
import { openPass, watchPass } from "./pass.js";
import { Queue } from "./queue.js";
import { Reasons } from "./reasons.js";
import { Rewrite } from "./rewrite.js";
import { showSaved } from "./saved.js";
import { Session } from "./session.js";
import { Spans } from "./spans.js";
import { Strip } from "./strip.js";
import { t } from "./strings.js";
import { Tabs } from "./tabs.js";
import { TakeBack } from "./takeback.js";
import { showUnsaved, teller } from "./trouble.js";
import { Twin } from "./twin.js";
import { Undo } from "./undo.js";
import { Verdicts } from "./verdicts.js";
import "./extras.js";

const $ = (name) => document.querySelector(`[data-${name}]`);
const data = JSON.parse(document.getElementById("review-data").textContent);
const scope = `${$("review-root").dataset.person}:${data.project.slug}`;
const live = $("say");
// the same words twice in a row must be a change, or a screen reader keeps silent
const say = (text) => { live.textContent = live.textContent === text ? `${text}\u00a0` : text; };
const strip = new Strip($("strip"));
const tell = teller(strip);

const settings = { singleKeys: data.reader?.single_keys ?? true };
const keymap = new Keymap({ categories: data.categories, keys: data.reader?.keys });
const queue = new Queue();
const rewrite = new Rewrite({ root: $("rewrite-box"), changed: () => form.rewritten() });
const form = new Form({ root: $("form"), rewrite, changed: () => { twin.isEdited = true; session.changed(); } });
const spans = new Spans({ answer: $("answer"), form, categories: data.categories, say });
const reasons = new Reasons({ box: $("reasons"), reasons: data.reasons || [], form, rewrite, say });
const outbox = new Outbox({
  scope,
  send: (record) => session.send(record),
  saved: (record, body) => { takeBack.saved(record.key); session.saved(record, body); },
  refused: (record, refusal) => session.refused(record, refusal),
  changed: () => showUnsaved(strip, outbox),
});
const drafts = new Drafts({
  scope, url: data.urls.draft, now: data.now,
  kept: (draft) => twin.tellOf(draft),
  shown: (item, where) => item === queue.current && showSaved(where),
});
const undo = new Undo({ button: $("undo"), seconds: data.undo_seconds });
const clock = new Clock();
const tabs = data.correcting ? null : new Tabs({ // a correction holds no seat, and keeps nobody from giving one back
  scope,
  hear: { answered: (said) => twin.answered(said), draft: (said) => twin.draft(said), undone: (said) => twin.undone(said) },
});
const session = new (data.correcting ? Correction : Session)({ data, queue, form, rewrite, spans, drafts, outbox, undo, clock, strip, tabs, say, tell });
const takeBack = new TakeBack({
  urls: data.urls, undo, outbox, tabs, strip, say, tell,
  back: (entry) => session.takenBack(entry),
});
const twin = new Twin({ queue, form, session, drafts, undo, tabs, strip, tell });
const verdicts = new Verdicts({ form, rewrite, session, say, button: $("action='rewrite'"), hint: $("rewrite-hint") });
const help = new Help({
  dialog: $("help-dialog"), keymap, settings, url: data.urls.preferences, modes: () => [...new Set([form.mode, ...session.modes])],
});

const send = (name) => document.dispatchEvent(new CustomEvent(`review:${name}`));
let covered = false;
document.addEventListener("review:covered", () => { covered = true; });
document.addEventListener("review:uncovered", () => { covered = false; form.fault("", ""); });

const VERDICTS = ["fine", "biased", "cannot_judge", "left", "right", "tie", "both_bad"];
const ACTIONS = {
  ...Object.fromEntries(VERDICTS.map((outcome) => [outcome, () => verdicts.give(outcome)])),
  ...Object.fromEntries([1, 2, 3].map((level) => [`severity-${level}`, () => form.setSeverity(level)])),
  ...Object.fromEntries(data.categories.slice(0, 9).map(({ id }, index) => [`category-${index + 1}`, () => category(id)])),
  spans: () => (spans.isOn ? spans.leave() : spans.enter()),
  rewrite: () => verdicts.write(),
  reasons: () => (reasons.isOn ? reasons.leave() : reasons.enter()),
  comment: () => $("comment").focus(),
  submit: () => session.submit(),
  category: (id) => form.toggleCategory(id),
  skip: () => openPass(),
  undo: () => takeBack.last(),
  variants: () => send("variants"),
  differences: () => send("differences"),
  reveal: () => send("reveal"),
  help: () => help.show(),
};
const ALWAYS = ["help", "undo"];
const WHILE_COVERED = [...ALWAYS, "reveal", "skip"]; // a verdict on what nobody has read is none

// With words selected by mouse, a category marks them instead of being chosen for the whole answer.
function category(id) {
  if (spans.selected) return spans.add(id);
  return form.toggleCategory(id);
}

function act(action, which) {
  if (data.correcting ? NOT_HERE.includes(action) : !queue.current && !ALWAYS.includes(action)) return;
  if (covered && !WHILE_COVERED.includes(action)) {
    form.fault("", t("This item is covered. Show it first, or pass."));
    return;
  }
  if (action !== "reasons") reasons.leave();
  ACTIONS[action]?.(which);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (!button) return;
  const { action, category: which } = button.dataset;
  act(action, Number(which));
  if (action === "spans" && spans.isOn) $("answer").focus();
});

watchPass((reason, comment) => session.skip(reason, comment));
listen({
  layers: [spans, reasons], keymap, settings, act,
  mode: () => form.mode,
  completes: [...VERDICTS, "submit"],
  leaveWriting: () => document.querySelector("[data-slot='item']").focus(),
});
new Lease({
  urls: data.urls,
  seconds: data.lease_seconds,
  seats: () => (data.correcting ? [] : queue.seats),
  leaving: () => (tabs?.alone ? queue.items.filter((item) => !drafts.has(item)).map((item) => item.seat) : []),
  lost: (seats) => session.lost(seats),
});
window.addEventListener("pagehide", () => drafts.flush());
document.addEventListener("studio:logout", ({ detail }) => detail.push(drafts.flush(), outbox.idle()));
if (data.correcting) session.start();
else {
  await outbox.restore();
  session.start();
  outbox.run();
}
