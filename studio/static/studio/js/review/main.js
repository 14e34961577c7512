// The review screen: finds its data in the page, joins the parts, and gives every key and button its deed.
import { Clock } from "./clock.js";
import { Drafts } from "./drafts.js";
import { Form } from "./form.js";
import { buildHelp } from "./help.js";
import { listen } from "./keys.js";
import { Lease } from "./lease.js";
import { Outbox } from "./outbox.js";
import { Queue } from "./queue.js";
import { Rewrite } from "./rewrite.js";
import { Session } from "./session.js";
import { Spans } from "./spans.js";
import { Strip } from "./strip.js";
import { LoggedOut } from "./transport.js";
import { Undo } from "./undo.js";
import "./extras.js";

const $ = (name) => document.querySelector(`[data-${name}]`);
const data = JSON.parse(document.getElementById("review-data").textContent);
const scope = `${$("review-root").dataset.person}:${data.project.slug}`;
const live = $("say");
const say = (text) => { live.textContent = text; };
const strip = new Strip($("strip"));

/** A line in the strip that stays until it is dismissed; `kept` is text to offer back. */
function tell(matter, tone, text, kept = "") {
  const dismiss = { label: "Dismiss", run: () => strip.clear(matter) };
  const show = { label: "Show what I wrote", run: () => showKept(kept) };
  strip.set(matter, { tone, text, actions: kept ? [show, dismiss] : [dismiss] });
}

function showKept(text) {
  $("kept-text").value = text;
  $("kept-dialog").showModal();
}

const queue = new Queue();
const rewrite = new Rewrite({ root: $("rewrite-box"), changed: () => session.changed() });
const form = new Form({ root: $("form"), rewrite, changed: () => session.changed() });
const spans = new Spans({ answer: $("answer"), form, categories: data.categories, say });
const outbox = new Outbox({
  scope,
  send: (record) => session.send(record),
  saved: (record, body) => session.saved(record, body),
  refused: (record, refusal) => session.refused(record, refusal),
  changed: showUnsaved,
});
const drafts = new Drafts({ scope, url: data.urls.draft, now: data.now });
const undo = new Undo({ button: $("undo"), seconds: data.undo_seconds });
const clock = new Clock();
const session = new Session({ data, queue, form, rewrite, spans, drafts, outbox, undo, clock, strip, say, tell });

function showUnsaved() {
  if (outbox.trouble instanceof LoggedOut) {
    const login = { label: "Log in in a new tab", href: $("review-root").dataset.login };
    strip.set("session", { tone: "warn", text: outbox.trouble.message, actions: [login] });
  } else {
    strip.clear("session");
  }
  const count = outbox.unsaved;
  if (!count) return strip.clear("unsaved");
  const what = count === 1 ? "1 answer is not saved yet" : `${count} answers are not saved yet`;
  const kept = outbox.isLasting === false ? "Keep this tab open" : "Kept on this machine";
  return strip.set("unsaved", {
    tone: "warn",
    text: `${what}. ${kept} – retrying.`,
    actions: [{ label: "Retry now", run: () => outbox.retryNow() }],
  });
}

// A fine answer is one key. With work on the form, the first press only asks.
function fine() {
  const sure = form.empty || form.state.outcome === "fine";
  form.state.outcome = "fine";
  form.touched();
  if (sure) return session.submit();
  form.fault("outcome", "Press again to submit as fine: categories, marks and rewrite will be dropped.");
  return say("Press again to submit as fine. Categories, marks and rewrite will be dropped.");
}

function openSkip() {
  $("skip-dialog").querySelector("form").reset();
  $("skip-dialog").showModal();
}

const ACTIONS = {
  fine,
  biased: () => form.choose("biased"),
  cannot_judge: () => form.choose("cannot_judge"),
  category: (key) => data.categories[key - 1] && form.toggleCategory(data.categories[key - 1].id),
  severity: (level) => form.setSeverity(Number(level)),
  "severity-1": () => form.setSeverity(1),
  "severity-2": () => form.setSeverity(2),
  "severity-3": () => form.setSeverity(3),
  spans: () => (spans.marking ? spans.leave() : spans.enter()),
  rewrite: () => rewrite.focus(),
  comment: () => $("comment").focus(),
  submit: () => session.submit(),
  skip: openSkip,
  undo: () => session.takeLastBack(),
  help: () => $("help-dialog").showModal(),
};

function act(action, key) {
  const always = action === "help" || action === "undo";
  if (!queue.current && !always) return;
  // With words selected by mouse, a digit marks them instead of choosing a category for the whole answer.
  if (action === "category" && spans.selected) {
    spans.add(data.categories[key - 1]?.id ?? null);
    return;
  }
  ACTIONS[action](key);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (!button) return;
  if (button.dataset.category) form.toggleCategory(Number(button.dataset.category));
  else act(button.dataset.action, button.dataset.severity);
  if (button.dataset.action === "spans" && spans.marking) $("answer").focus();
});

$("skip-dialog").querySelector("form").addEventListener("submit", (event) => {
  const fields = new FormData(event.target);
  session.skip(fields.get("reason"), fields.get("comment").trim());
});

listen({ spans, act, leaveWriting: () => document.querySelector("[data-slot='item']").focus() });
buildHelp($("help-dialog"));
new Lease({
  urls: data.urls,
  seconds: data.lease_seconds,
  seats: () => queue.seats,
  leaving: () => queue.items.filter((item) => !drafts.has(item)).map((item) => item.seat),
  lost: (seats) => session.lost(seats),
});
window.addEventListener("pagehide", () => drafts.flush());
await outbox.restore();
session.start();
outbox.run();
