// Small things the parts beside the form share.
import { LoggedOut, post, Refused, Unreachable } from "./transport.js";

export const find = (name, root = document) => root.querySelector(`[data-${name}]`);

/** Tell a screen reader, without taking anything else's place. Said anew even where the words are the same. */
export function sayAside(text) {
  const live = find("aside-say");
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

/** JSON from an address, or null when it cannot be had now: what stands beside the form is never worth an error. */
export async function fetchJson(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, redirect: "manual" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Whether the studio took it, in the name of the person whose page this is. */
export async function send(url, body) {
  try {
    await post(url, body);
    return true;
  } catch (failure) {
    if (!(failure instanceof Refused || failure instanceof Unreachable || failure instanceof LoggedOut)) throw failure;
    return false;
  }
}

/** What this tab remembers under `name`; storage that is switched off remembers nothing. */
export const memory = {
  read(name) {
    try {
      return JSON.parse(sessionStorage.getItem(name) || "null");
    } catch {
      return null;
    }
  },
  write(name, value) {
    try {
      sessionStorage.setItem(name, JSON.stringify(value));
    } catch {
      // switched off: it is asked again
    }
  },
};

/** What this browser remembers of a person, across tabs. */
export const lasting = {
  has(name) {
    try {
      return localStorage.getItem(name) !== null;
    } catch {
      return false;
    }
  },
  keep(name) {
    try {
      localStorage.setItem(name, "1");
    } catch {
      // switched off: it is asked again
    }
  },
};

/** Where the focus belongs when something beside the form has ended. */
export const item = () => document.querySelector("[data-slot='item']");
