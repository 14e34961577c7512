// form[data-ask="sentence"]: asks before it sends; for deeds that are hard to take back.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.ask;
  if (question && !window.confirm(question)) event.preventDefault();
}, true);
