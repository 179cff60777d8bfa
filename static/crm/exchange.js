// The grid of rows that were not imported: Enter leads to the next cell that is wrong, and at last to the button.

const wrong = (form) => [...form.querySelectorAll("[aria-invalid=true]")];

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".fix-table input");
  if (!cell || event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const follows = (other) => cell.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
  const next = wrong(cell.form).find(follows) ?? cell.form.querySelector("#fix-retry");
  next.focus();
  next.select?.();
});

const begin = (root) => root.querySelector?.(".fix [aria-invalid=true]")?.focus();

document.addEventListener("htmx:afterSettle", (event) => begin(event.target));
begin(document);
