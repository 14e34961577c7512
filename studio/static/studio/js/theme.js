// Puts the chosen theme on <html> before the first paint; loaded in <head>, not deferred, so that nothing flashes.
(() => {
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* storage is switched off: the system's wish stands */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
