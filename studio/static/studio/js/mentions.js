// textarea[data-mentions="id"]: after an @, offers the names in that <datalist>; Tab, Enter or a click completes.
for (const box of document.querySelectorAll("textarea[data-mentions]")) {
  const names = [...document.getElementById(box.dataset.mentions).options];
  const list = document.createElement("ul");
  list.className = "mentions";
  list.id = `${box.id}-mentions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Members");
  list.hidden = true;
  box.after(list);
  box.setAttribute("aria-controls", list.id);
  let at = 0;

  const begun = () => box.value.slice(0, box.selectionStart).match(/(?:^|[^\w.@+-])@([\w.+-]*)$/);
  const close = () => { list.hidden = true; box.removeAttribute("aria-activedescendant"); };

  function show() {
    const found = begun();
    const start = found?.[1].toLowerCase();
    const fitting = found ? names.filter((one) => one.value.toLowerCase().startsWith(start) || one.label.toLowerCase().startsWith(start)).slice(0, 6) : [];
    list.replaceChildren(...fitting.map((one, index) => {
      const entry = document.createElement("li");
      entry.id = `${list.id}-${index}`;
      entry.setAttribute("role", "option");
      entry.dataset.name = one.value;
      entry.textContent = one.label && one.label !== one.value ? `${one.value} (${one.label})` : one.value;
      return entry;
    }));
    at = 0;
    list.hidden = !fitting.length;
    mark();
  }

  function mark() {
    [...list.children].forEach((entry, index) => entry.setAttribute("aria-selected", index === at));
    if (!list.hidden) box.setAttribute("aria-activedescendant", list.children[at].id);
  }

  function complete(name) {
    const from = box.selectionStart - begun()[1].length;
    box.setRangeText(`${name} `, from, box.selectionStart, "end");
    close();
    box.focus();
  }

  box.addEventListener("input", show);
  box.addEventListener("blur", () => setTimeout(close, 150));
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { at = (at + step + list.children.length) % list.children.length; mark(); }
    else if (event.key === "Tab" || event.key === "Enter") complete(list.children[at].dataset.name);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => {
    const entry = event.target.closest("[data-name]");
    if (entry) { event.preventDefault(); complete(entry.dataset.name); }
  });
}
