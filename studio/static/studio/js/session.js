// A part of the page that asks for news after the session ended is sent to the log-in page: the whole page goes there,
// and comes back after the log-in. Else the log-in form would stand where the part was.
document.addEventListener("htmx:beforeSwap", (event) => {
  const from = event.detail.xhr.responseURL;
  if (!from || new URL(from).pathname !== document.body.dataset.login) return;
  event.detail.shouldSwap = false;
  location.reload();
});
