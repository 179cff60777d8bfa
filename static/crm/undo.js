// Ctrl+Z outside of text fields takes back what the newest notice offers to take back.

const typing = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select") || element.isContentEditable;

document.addEventListener("keydown", (event) => {
  const asked = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  const offer = [...document.querySelectorAll(".toast-act")].at(-1);
  if (!asked || !offer || typing(event.target)) return;
  event.preventDefault();
  offer.click();
});
