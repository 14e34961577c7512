// [data-dismiss]: a button that takes the message it stands in off the page.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button) button.closest(".message").remove();
});
