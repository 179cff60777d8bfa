// The rows of a list: one of them holds the focus, keys and pointer act on it, several can be selected.

const INTERACTIVE = "a, button, input, label, select, textarea";

/* <c-rows><table>…<tr data-pk="…">…</table></c-rows> */
class Rows extends HTMLElement {
  connectedCallback() {
    for (const one of this.querySelectorAll("tbody :is(tr[data-pk], a, button, input)")) one.tabIndex = -1;
    this.rove(this.rows[0]);
    this.addEventListener("keydown", (event) => this.press(event));
    this.addEventListener("focusin", (event) => this.rove(this.rowOf(event)));
    this.addEventListener("mousedown", (event) => this.hold(event));
    this.addEventListener("dblclick", (event) => this.isBlank(event) && this.openRow(this.rowOf(event)));
    this.addEventListener("contextmenu", (event) => this.rightClick(event));
    this.addEventListener("click", (event) => this.click(event));
    this.addEventListener("change", (event) => this.changed(event));
    this.show();
  }

  get rows() {
    return [...this.querySelectorAll("tbody tr[data-pk]")];
  }

  get selected() {
    return this.rows.filter((row) => this.box(row)?.checked);
  }

  find(pk) {
    return this.rows.find((row) => row.dataset.pk === String(pk));
  }

  rowOf(event) {
    return event.target.closest("tbody tr[data-pk]");
  }

  box(row) {
    return row.querySelector("input[name=ids]");
  }

  isBlank(event) {
    return this.rowOf(event) && !event.target.closest(INTERACTIVE);
  }

  // Tab reaches one row only: the one that had the focus last.
  rove(row) {
    if (!row || row === this.current) return;
    if (this.current) this.current.tabIndex = -1;
    this.current = row;
    row.tabIndex = 0;
  }

  // ---- keys

  press(event) {
    const row = event.target.closest?.("tr[data-pk]");
    if (!row || event.target !== row || event.altKey) return;
    if (this.act(event, row)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  act(event, row) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey) return key === "a" && this.selectAll(true);
    if (key === "ArrowDown" || key === "ArrowUp") return this.move(row, key === "ArrowDown" ? 1 : -1, event.shiftKey);
    if (key === "Home" || key === "End") return this.focusRow(this.rows.at(key === "Home" ? 0 : -1));
    if (key === "Enter") return this.openRow(row);
    if (key === " ") return this.select(row, !this.box(row)?.checked);
    if (key === "ContextMenu" || (key === "F10" && event.shiftKey)) return this.openMenu(row, row.querySelector("th a, td a") ?? row);
    if (key.length !== 1 || document.documentElement.dataset.keys === "off") return false;
    return this.letter(key.toLowerCase(), row);
  }

  letter(key, row) {
    if (key === "j" || key === "k") return this.move(row, key === "j" ? 1 : -1, false);
    if (key === "x") return this.select(row, !this.box(row)?.checked);
    if (key === "b") return document.getElementById("bulk")?.focusFirst() ?? false;
    if ((this.dataset.keys ?? "").includes(key)) return this.runShortcut(row, key);
    return false;
  }

  move(row, step, extend) {
    const next = this.rows[this.rows.indexOf(row) + step];
    if (extend) for (const one of [row, next]) if (one) this.select(one, true);
    return this.focusRow(next ?? row);
  }

  focusRow(row) {
    this.rove(row);
    row?.focus();
    return true;
  }

  openRow(row) {
    row.querySelector("a.open")?.click();
    return true;
  }

  // ---- menu

  get menu() {
    return document.getElementById("row-menu");
  }

  async openMenu(row, at) {
    this.focusRow(row);
    if (await this.menu.load(`${row.querySelector("a.open").pathname}menu/`)) this.menu.open(at);
  }

  async runShortcut(row, key) {
    await this.menu.load(`${row.querySelector("a.open").pathname}menu/`);
    const item = this.menu.items.find((one) => one.getAttribute("aria-keyshortcuts")?.toLowerCase() === key);
    if (!item) return;
    const reason = item.querySelector("small")?.textContent;
    if (item.getAttribute("aria-disabled") !== "true") item.click();
    else document.dispatchEvent(new CustomEvent("toast", { detail: { text: reason, kind: "danger" } }));
  }

  // The browser's own menu stays with links, selected text and Shift.
  rightClick(event) {
    const row = this.rowOf(event);
    if (!row || event.shiftKey || event.target.closest("a") || String(getSelection())) return;
    event.preventDefault();
    if (!this.menu.isOpen) this.openMenu(row, event.clientX ? { x: event.clientX, y: event.clientY } : row);
  }

  // ---- pointer

  // The second press of a double click would select a word.
  hold(event) {
    if (event.detail > 1 && this.isBlank(event)) event.preventDefault();
  }

  click(event) {
    const row = this.rowOf(event);
    if (event.target.closest("button.more")) this.openMenu(row, event.target.closest("button.more"));
    else if (event.target.matches("input[name=ids]") && event.shiftKey && this.last) this.range(this.last, row);
    else if (this.isBlank(event) && !String(getSelection())) this.focusRow(row);
    if (event.target.matches("input[name=ids]")) this.last = row;
  }

  range(from, to) {
    const [first, last] = [this.rows.indexOf(from), this.rows.indexOf(to)].sort((a, b) => a - b);
    for (const row of this.rows.slice(first, last + 1)) this.select(row, true);
  }

  // ---- selection

  changed(event) {
    if (event.target.matches("thead input")) this.selectAll(event.target.checked);
    else this.show();
  }

  select(row, on) {
    const box = this.box(row);
    if (box) box.checked = on;
    this.show();
    return true;
  }

  selectAll(on) {
    for (const row of this.rows) if (this.box(row)) this.box(row).checked = on;
    this.show();
    return true;
  }

  show() {
    const { rows, selected } = this;
    for (const row of rows) if (this.box(row)) row.setAttribute("aria-selected", String(this.box(row).checked));
    const head = this.querySelector("thead input");
    if (head) {
      head.checked = rows.length > 0 && selected.length === rows.length;
      head.indeterminate = selected.length > 0 && !head.checked;
    }
    document.getElementById("bulk")?.update(selected, rows.length);
  }
}

/* <c-bulk id="bulk">: what can be done with the selection. All matching rows are a flag, never a list of ids. */
class Bulk extends HTMLElement {
  connectedCallback() {
    this.count = this.querySelector("[data-count]");
    this.offer = this.querySelector("[data-all]");
    this.flag = this.querySelector("input[name=all]");
    this.offer?.addEventListener("click", () => this.takeAll());
    this.acts = [...this.querySelectorAll("[data-states]")];
    this.querySelector("[data-none]").addEventListener("click", () => document.querySelector("c-rows").selectAll(false));
  }

  // What fits none of the selected rows' states is not offered.
  update(selected, rows) {
    const list = document.getElementById("list");
    this.hidden = !selected.length;
    this.flag.disabled = true;
    this.count.textContent = this.dataset.text.replace("#", selected.length);
    for (const act of this.acts) act.hidden = !selected.some((row) => act.dataset.states.split(" ").includes(row.dataset.state));
    if (!this.offer) return;
    this.offer.hidden = selected.length < rows || !list.dataset.more;
    this.offer.textContent = this.all(this.offer);
  }

  // How many match stands in the list's foot, once they are counted.
  all({ dataset }) {
    const { count } = document.getElementById("list-foot").dataset;
    return count ? dataset.text.replace("#", count) : dataset.every;
  }

  focusFirst() {
    if (this.hidden) return false;
    [...this.querySelectorAll("button")].find((button) => button.checkVisibility())?.focus();
    return true;
  }

  takeAll() {
    for (const act of this.acts) act.hidden = false;
    this.flag.disabled = false;
    this.offer.hidden = true;
    this.count.textContent = this.all(this);
  }
}

customElements.define("c-bulk", Bulk);
customElements.define("c-rows", Rows);

// ---- The list as a whole ---------------------------------------------------------------------------

const remember = () => document.getElementById("list") && sessionStorage.setItem(`list:${location.pathname}`, location.search);
remember();
document.addEventListener("htmx:pushedIntoHistory", remember);

// After something was saved the list loads again and marks the row. If a row held the focus, it keeps it, and
// where it has left the list, the one that stands there now.
document.addEventListener("saved", async (event) => {
  const list = document.getElementById("list");
  if (!list) return;
  const held = list.querySelector("c-rows")?.contains(document.activeElement);
  const { current, rows = [] } = list.querySelector("c-rows") ?? {};
  const place = rows.indexOf(current);
  if (list.ariaBusy === "true") return; // a newer query is on its way
  await window.htmx.ajax("GET", location.href, { source: list, target: list, swap: "outerHTML" });
  const fresh = document.querySelector("c-rows");
  fresh?.find(event.detail.pk)?.classList.add("just-saved");
  if (held && fresh) fresh.focusRow(fresh.find(current?.dataset.pk) ?? fresh.rows[place] ?? fresh.rows.at(-1));
});

// J goes into the rows, wherever nothing has the focus yet.
document.addEventListener("keydown", (event) => {
  const nothing = document.activeElement === document.body && !document.querySelector("dialog[open]");
  if (event.key !== "j" || !nothing || document.documentElement.dataset.keys === "off") return;
  document.querySelector("c-rows")?.current?.focus();
});

// The small box above a long list of choices narrows it.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-narrow]")) return;
  const words = event.target.value.trim().toLowerCase();
  for (const label of event.target.closest(".pop").querySelectorAll("label")) {
    label.hidden = !label.textContent.toLowerCase().includes(words);
  }
});
