// [data-theme-switch]: one button that goes through system, light, dark, and says which it is.
// Its words are in its own attributes, in the language of the page.
const ORDER = ["system", "light", "dark"];

function chosen() {
  return document.documentElement.dataset.theme || "system";
}

function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // storage is switched off: the choice lasts as long as the page
  }
}

function label(button) {
  const name = button.dataset[chosen()];
  button.querySelector("[data-theme-name]").textContent = name;
  button.setAttribute("aria-label", button.dataset.says.replace("{name}", name));
}

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  label(button);
  button.hidden = false;
  button.addEventListener("click", () => {
    choose(ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
    document.querySelectorAll("[data-theme-switch]").forEach(label);
  });
}
