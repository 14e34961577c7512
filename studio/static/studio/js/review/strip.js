// The strip above the item: what the person must know, one line per matter, until it is over.

export class Strip {
  constructor(element) {
    this.element = element;
  }

  /** actions: [{label, href}] or [{label, run}] */
  set(matter, { tone, text, actions = [] }) {
    const line = this.line(matter);
    const said = line.querySelector("p");
    line.className = `message message-${tone}`;
    if (said.textContent !== text) said.textContent = text; // else a screen reader says it again
    line.querySelectorAll(".btn").forEach((button) => button.remove());
    line.append(...actions.map(action));
  }

  clear(matter) {
    this.element.querySelector(`[data-matter="${matter}"]`)?.remove();
  }

  line(matter) {
    const there = this.element.querySelector(`[data-matter="${matter}"]`);
    if (there) return there;
    const line = document.createElement("div");
    line.dataset.matter = matter;
    line.append(document.createElement("p"));
    this.element.append(line);
    return line;
  }
}

function action({ label, href, run }) {
  const element = document.createElement(href ? "a" : "button");
  element.className = "btn btn-small";
  element.textContent = label;
  if (href) {
    element.href = href;
    element.target = "_blank";
    element.rel = "noopener";
  } else {
    element.type = "button";
    element.addEventListener("click", run);
  }
  return element;
}
