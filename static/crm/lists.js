// What surrounds the rows of a list: the panel of the advanced query.

// ---- The advanced query ----------------------------------------------------------------------------
// Its button opens the panel and closes it again; Esc closes it too.

const panel = () => document.getElementById("query-panel");

function closeQuery() {
  if (!panel()?.firstElementChild) return false;
  panel().replaceChildren();
  document.getElementById("advanced")?.focus();
  return true;
}

document.addEventListener("htmx:beforeRequest", (event) => event.target.id === "advanced" && closeQuery() && event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && event.target.closest?.("#query-panel")) closeQuery();
});

// Alt with the arrows goes from value to value; a box of choices that is opened by a key begins at its first one.
document.addEventListener("keydown", (event) => {
  const row = event.altKey && !event.target.matches("select") && event.target.closest?.("#query-panel .condition");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row || !step) return;
  const rows = [...panel().querySelectorAll(".condition")];
  const next = rows[rows.indexOf(row) + step];
  if (next) firstValue(next)?.focus();
  event.preventDefault();
});
document.addEventListener("toggle", ({ target }) => {
  if (!target.open || !target.closest("#query-panel, #boxes") || !target.querySelector("summary:focus-visible")) return;
  target.querySelector(".pop :is(input, select):not([type=hidden])")?.focus();
}, true);

// A suggested name is there to be typed over.
document.addEventListener("focusin", ({ target }) => target.matches("[data-select]") && target.select());

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  document.getElementById("advanced")?.setAttribute("aria-expanded", String(!!panel()?.firstElementChild));
  if (target.id === "query-panel") firstValue(target)?.focus();
  else if (target.matches?.(".conditions, .query-groups")) target.lastElementChild?.querySelector("select")?.focus();
  else if (detail.pathInfo?.requestPath.includes("/query/run/")) document.getElementById("advanced")?.focus();
});

const firstValue = (root) => root.querySelector(".condition-value :is(input, select, summary)");

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-close-query]")) closeQuery();
  const remove = target.closest?.("[data-remove]");
  if (!remove) return;
  const gone = remove.closest(remove.dataset.remove);
  const next = gone.nextElementSibling ?? gone.previousElementSibling;
  gone.remove();
  (next?.querySelector("select") ?? panel()?.querySelector(".query-add"))?.focus();
});

// What is ticked in a small panel stands on its button; a period of N days asks for N.
document.addEventListener("change", ({ target }) => {
  const pop = target.closest?.("c-pop[data-chosen]");
  if (pop) {
    const words = pop.querySelector(".chosen-words");
    const ticked = [...pop.querySelectorAll("input:checked")].map((box) => box.parentElement.textContent.trim());
    const searched = [...pop.querySelectorAll("option:checked")].map((option) => option.textContent.trim());
    words.textContent = [...ticked, ...searched].join(pop.dataset.chosen) || words.dataset.none;
  }
  if (target.matches?.("[data-period]")) {
    const days = target.nextElementSibling;
    days.hidden = !["last", "next", "older", "later"].includes(target.value);
    if (!days.hidden) days.focus();
  }
});

// ---- What is counted after the page ----------------------------------------------------------------

document.addEventListener("htmx:afterSettle", ({ target }) => {
  const offer = target.id === "list-foot" && document.querySelector("#bulk [data-all]");
  if (offer) offer.textContent = document.getElementById("bulk").all(offer);
});

// ---- Views, columns, row height ----------------------------------------------------------------------

const load = (address) => {
  const list = document.getElementById("list");
  return window.htmx.ajax("GET", address, { source: list, target: list, swap: "outerHTML" });
};

// A view was saved: show the list with it. The views were put in another order: the tabs follow.
document.addEventListener("opened", ({ detail }) => {
  document.dispatchEvent(new CustomEvent("done"));
  load(detail.url);
});
document.addEventListener("views", () => load(location.href));

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-move]");
  const row = button?.closest("li");
  const other = button?.dataset.move === "1" ? row?.nextElementSibling : row?.previousElementSibling;
  if (!other?.querySelector("[data-move]")) return; // the first column keeps its place
  button.dataset.move === "1" ? other.after(row) : other.before(row);
  button.focus();
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button[name=density]");
  if (!button) return;
  document.documentElement.dataset.density = button.value;
  for (const one of button.form.querySelectorAll("button")) one.setAttribute("aria-checked", String(one === button));
});

// Columns that stay in sight stand where the ones before them end.
function freeze() {
  const table = document.querySelector("#list table.rows[data-frozen]");
  if (!table) return;
  let left = 0;
  for (const [place, head] of [...table.querySelectorAll("thead th")].slice(0, Number(table.dataset.frozen) + 1).entries()) {
    table.style.setProperty(`--left-${place}`, `${left}px`);
    left += head.offsetWidth;
  }
}

freeze();
document.addEventListener("htmx:afterSettle", freeze);
addEventListener("resize", freeze);

// ---- Coming back -------------------------------------------------------------------------------------
// The address holds the query; where one stood in the list, this tab remembers for its last query.

const place = () => `place:${location.pathname}`;
const region = () => document.querySelector("#list .table-region");

addEventListener("pagehide", () => {
  if (!region()) return;
  const pk = region().contains(document.activeElement) ? document.querySelector("#list c-rows").current?.dataset.pk : null;
  const { scrollTop, scrollLeft } = region();
  sessionStorage.setItem(place(), JSON.stringify({ query: location.search, scrollTop, scrollLeft, page: scrollY, pk }));
});

function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(place()) ?? "null");
  if (!region() || kept?.query !== location.search) return;
  region().scrollTo(kept.scrollLeft, kept.scrollTop);
  if (kept.page) scrollTo(0, kept.page);
  if (document.activeElement === document.body) document.querySelector("#list c-rows").find(kept.pk)?.focus({ preventScroll: true });
}

comeBack();
