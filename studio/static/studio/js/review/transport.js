// Sends JSON to the studio and turns what comes back into an answer or one of three kinds of failure.
import { t } from "./strings.js";

/** The server could not be reached or could not answer: the same request may be sent again. */
export class Unreachable extends Error {}
/** The session ended: the same request may be sent again after a log-in. */
export class LoggedOut extends Error {}
/** The server understood and said no. */
export class Refused extends Error {
  constructor(status, body) {
    super(body.error || t("The studio refused this ({status}).", { status }));
    this.status = status;
    this.body = body;
  }
}

export function csrfToken() {
  const found = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
  return found ? decodeURIComponent(found[1]) : "";
}

/** Whose page this is: another person may have logged in since, in another tab. */
const person = (page) => page.querySelector("[data-review-root]")?.dataset.person || "";

export async function post(url, body) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-CSRFToken": csrfToken(),
        "X-Person": person(document),
      },
      body: JSON.stringify(body),
      credentials: "same-origin",
      redirect: "manual", // the way to the log-in page is an answer, not a page to follow
    });
  } catch {
    throw new Unreachable(t("The studio cannot be reached."));
  }
  return understand(response);
}

async function understand(response) {
  if (response.type === "opaqueredirect" || response.status === 401) throw new LoggedOut(t("You are logged out."));
  if (response.status >= 500 || response.status === 429) throw new Unreachable(t("The studio answered {status}.", { status: response.status }));
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  if (response.status === 403) {
    const body = isJson ? await response.json().catch(() => ({})) : {};
    throw new LoggedOut(body.error || t("Your session has ended. Log in again in another tab: nothing here is lost."));
  }
  if (!isJson && response.ok) return {};
  if (!isJson) throw new Refused(response.status, {});
  const body = await response.json().catch(() => { throw new Unreachable(t("The answer broke off.")); });
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

/** The data of a fresh copy of this page: how more items are asked for when nothing is at hand. */
export async function fetchPage() {
  let response;
  try {
    response = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" });
  } catch {
    throw new Unreachable(t("The studio cannot be reached."));
  }
  if (response.type === "opaqueredirect" || response.status === 403) throw new LoggedOut(t("You are logged out."));
  if (!response.ok) throw new Unreachable(t("The studio answered {status}.", { status: response.status }));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const data = page.getElementById("review-data");
  if (!data) throw new LoggedOut(t("You are logged out."));
  if (person(page) !== person(document)) throw new LoggedOut(t("Somebody else is logged in now: log in again as yourself."));
  return JSON.parse(data.textContent);
}

export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only on https and localhost
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
