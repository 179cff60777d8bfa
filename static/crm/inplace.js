// What is done without leaving a list or a record's page: statistics, changing one field, a look at a row.

// A request that is about the list as it stands takes the list's query along: the address is the state.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.matches("[data-with-query]")) detail.path += location.search;
});

const single = () => document.documentElement.dataset.keys !== "off";
const plain = (event) => !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey;
const focusedRow = () => document.activeElement?.closest?.("c-rows tbody tr[data-pk]");

// ---- One field, changed where it stands --------------------------------------------------------------
// In lists: F2 on a row, or the pencil of a cell. On a record's page: its facts. Enter and leaving the field
// save, Esc leaves it as it was, Tab goes on to the next field of the row.

class Editing {
  constructor(holder, url, back) {
    Object.assign(this, { holder, url, back });
  }

  async open() {
    Editing.current?.cancel();
    Editing.current = this;
    this.before = [...this.holder.childNodes];
    await window.htmx.ajax("GET", this.url, { source: this.holder, target: this.holder, swap: "innerHTML" });
    if (!this.form) return this.cancel();
    this.holder.classList.add("cell-open");
    this.start = this.typed;
    this.focus();
  }

  get form() {
    return this.holder.querySelector("form.cell-form");
  }

  get field() {
    return this.form?.querySelector(".ts-control input, input:not([type=hidden], [tabindex='-1']), select:not(.tomselected), textarea");
  }

  get typed() {
    return this.form && new URLSearchParams(new FormData(this.form)).toString();
  }

  focus() {
    this.field?.focus();
    this.field?.select?.();
  }

  // What was not changed is not sent; after a refusal it is, so that what stands there can be meant again.
  save() {
    if (!this.form) return;
    if (this.typed === this.start) this.cancel();
    else if (this.form.ariaBusy !== "true") this.form.requestSubmit();
  }

  cancel() {
    if (Editing.current === this) Editing.current = null;
    this.holder.classList.remove("cell-open");
    if (this.form) this.holder.replaceChildren(...this.before);
    if (this.back?.isConnected) this.back.focus();
  }

  answered({ detail }) {
    const { status } = detail.xhr;
    if (status === 204 && detail.xhr.getResponseHeader("HX-Trigger")) {
      Editing.current = null;
      this.back?.focus();
    } else if (status === 422 || status === 409) {
      this.start = status === 422 ? this.typed : null;
      this.focus();
    } else this.cancel();
  }

  press(event) {
    if (event.key === "Escape") this.cancel();
    else if (event.key === "Enter" && (event.ctrlKey || event.target.localName !== "textarea")) this.save();
    else if (event.key === "Tab" && this.next) this.goOn(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  goOn(step) {
    const { next, typed, start } = this;
    if (typed === start) {
      this.cancel();
      next(step);
    } else {
      Editing.then = () => next(step);
      this.save();
    }
  }
}

const within = (event) => Editing.current?.holder.contains(event.target);
document.addEventListener("keydown", (event) => within(event) && !event.isComposing && Editing.current.press(event), true);
document.addEventListener("htmx:afterRequest", (event) => within(event) && event.target.matches("form.cell-form") && Editing.current.answered(event));
document.addEventListener("focusout", (event) => {
  if (!within(event)) return;
  const open = Editing.current;
  setTimeout(() => Editing.current === open && !open.holder.contains(document.activeElement) && document.hasFocus() && open.save());
});
// The next field is opened once the list shows what was saved.
document.addEventListener("htmx:afterSettle", () => {
  const then = Editing.then;
  if (!then || !document.querySelector("#list:not([aria-busy=true])") || Editing.current) return;
  Editing.then = null;
  setTimeout(then);
});

// -- in lists

function editable(table) {
  const paths = (table.closest("c-rows").dataset.editable ?? "").split(" ");
  return [...table.querySelectorAll("thead th")].map((head, place) => ({ path: head.dataset.path, place })).filter(({ path }) => paths.includes(path));
}

function openCell(row, { path, place }) {
  const editing = new Editing(row.cells[place], `${row.querySelector("a.open").pathname}cell/${path}/`, row);
  const { pk } = row.dataset;
  editing.next = (step) => {
    const fresh = document.querySelector("#list c-rows")?.find(pk);
    const cells = fresh ? editable(fresh.closest("table")) : [];
    const next = cells[cells.findIndex((cell) => cell.path === path) + step];
    if (next) openCell(fresh, next);
    else fresh?.focus();
  };
  editing.open();
}

document.addEventListener("keydown", (event) => {
  const row = event.key === "F2" && plain(event) && focusedRow();
  const first = row && editable(row.closest("table"))[0];
  if (!first) return;
  event.preventDefault();
  openCell(row, first);
});

// One pencil for all cells: it stands in the one under the pointer.
const pencil = document.createElement("button");
Object.assign(pencil, { type: "button", className: "cell-edit", tabIndex: -1 });
pencil.append("✎");
document.addEventListener("pointerover", ({ target, pointerType }) => {
  const cell = pointerType === "mouse" && target.closest?.("c-rows[data-editable] tbody td");
  if (!cell || cell.contains(pencil) || cell.classList.contains("cell-open")) return;
  const rows = cell.closest("c-rows");
  if (!editable(cell.closest("table")).some(({ place }) => place === cell.cellIndex)) return pencil.remove();
  pencil.setAttribute("aria-label", rows.dataset.edit);
  pencil.title = `${rows.dataset.edit} (F2)`;
  cell.append(pencil);
});
document.addEventListener("click", (event) => {
  if (!pencil.contains(event.target)) return;
  const cell = pencil.closest("td");
  pencil.remove();
  openCell(cell.closest("tr"), editable(cell.closest("table")).find(({ place }) => place === cell.cellIndex));
});

// -- on a record's page

document.addEventListener("click", (event) => {
  const holder = event.target.closest?.("[data-cell]");
  if (!holder || holder.contains(event.target.closest("a, form")) || String(getSelection())) return;
  const { id } = holder.querySelector("button.cell-edit");
  new Editing(holder, holder.dataset.cell, { get isConnected() { return true; }, focus: () => document.getElementById(id)?.focus() }).open();
  Editing.again = id;
});
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id !== "record" || !Editing.again) return;
  document.getElementById(Editing.again)?.focus();
  Editing.again = null;
});

// ---- A look at a row ---------------------------------------------------------------------------------
// P opens it; in it J and K go to the next and the previous row of the page.

function look(row) {
  return window.htmx.ajax("GET", `${row.querySelector("a.open").pathname}peek/`, { target: "#drawer-body", swap: "innerHTML" });
}

document.addEventListener("keydown", (event) => {
  const row = event.key.toLowerCase() === "p" && !event.shiftKey && plain(event) && single() && focusedRow();
  if (!row) return;
  event.preventDefault();
  look(row);
});
document.addEventListener("click", (event) => {
  const step = Number(event.target.closest?.("[data-peek-step]")?.dataset.peekStep);
  const rows = document.querySelector("#list c-rows");
  if (!step || !rows) return;
  const next = rows.rows[rows.rows.indexOf(rows.find(document.querySelector(".peek").dataset.pk)) + step];
  if (!next) return;
  rows.rove(next);
  look(next);
});
// Before the drawer forgets what it showed: the row that was looked at last has the focus.
document.addEventListener("close", ({ target }) => {
  const pk = target.querySelector(".peek")?.dataset.pk;
  const rows = document.querySelector("#list c-rows");
  if (pk && rows?.find(pk)) rows.focusRow(rows.find(pk));
}, true);

// ---- Previous and next of the list that one came from --------------------------------------------------
// A row that is opened leaves its list's query in this tab; the page of the record asks what stands beside it.

const WALK = "walk";

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#list a.open, #drawer a[data-walk], a[data-step]");
  if (!link) return;
  const walk = link.dataset.step ? JSON.parse(sessionStorage.getItem(WALK)) : { list: location.pathname, query: location.search };
  const pk = link.pathname.split("/").at(-2);
  sessionStorage.setItem(WALK, JSON.stringify({ ...walk, pk }));
}, true);

function fillNeighbours() {
  const place = document.querySelector("#neighbours:empty");
  const walk = place && JSON.parse(sessionStorage.getItem(WALK));
  if (!walk || walk.pk !== place.dataset.pk || location.pathname !== `${walk.list}${walk.pk}/`) return;
  window.htmx.ajax("GET", `${location.pathname}neighbours/${walk.query}`, { source: place, target: place, swap: "innerHTML" });
}
fillNeighbours();
document.addEventListener("htmx:afterSettle", ({ target }) => target.id === "record" && fillNeighbours());

document.addEventListener("keydown", (event) => {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key) || !plain(event) || event.shiftKey) return;
  const elsewhere = event.target.closest?.("input, select, textarea, [role=menu], .table-region, c-rows") || document.querySelector("dialog[open]");
  const link = !elsewhere && document.querySelector(`#neighbours [aria-keyshortcuts="${event.key}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
