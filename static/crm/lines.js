// The grid of lines: keys, rows pasted from a sheet, amounts while one types. Loaded by pages with lines only.

// ---- Amounts ---------------------------------------------------------------------------------------
// Whole numbers of the smallest unit, never floats. The same rules as on the server (crm/kernel/money.py), whose
// result is what is stored.

const HUNDRED = 100n;
const size = (value) => (value < 0n ? -value : value);

// A number as people write it: {n, scale} for n / 10^scale; nothing and nonsense are 0.
function number(text) {
  const [, sign, whole, part] = /^([+-]?)(\d*)\.?(\d*)$/.exec(plain(text ?? "")) ?? ["", "", "", ""];
  return { n: BigInt(`${sign === "-" ? "-" : ""}${whole}${part}`.replace(/^-?$/, "0")), scale: part.length };
}

function plain(text) {
  return text.normalize("NFKC").replace(/[\s,，'¥￥$元%]/g, "");
}

// Divides; a half goes away from zero.
function divide(n, by) {
  const half = (2n * size(n) + by) / (2n * by);
  return n < 0n ? -half : half;
}

// What a line comes to, in cents.
function amounts(quantity, price, discount, rate, included) {
  const [q, p, d, r] = [quantity, price, discount, rate].map(number);
  const full = q.n * p.n;
  const unit = 10n ** BigInt(q.scale + p.scale);
  const whole = HUNDRED * 10n ** BigInt(d.scale);
  const charged = divide(full * (whole - d.n) * HUNDRED, unit * whole);
  const reduction = divide(full * HUNDRED, unit) - charged;
  const base = HUNDRED * 10n ** BigInt(r.scale);
  if (included) {
    const net = divide(charged * base, base + r.n);
    return { net, tax: charged - net, reduction, total: charged };
  }
  const tax = divide(charged * r.n, base);
  return { net: charged, tax, reduction, total: charged + tax };
}

function written(cents) {
  const digits = String(size(cents)).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${cents < 0n ? "-" : ""}${whole}.${digits.slice(-2)}`;
}

const DIGITS = "零壹贰叁肆伍陆柒捌玖";
const UNITS = [[100_000_000n, "亿"], [10_000n, "万"], [1000n, "仟"], [100n, "佰"], [10n, "拾"]];

function inWords(value) {
  for (const [unit, name] of UNITS) {
    if (value < unit) continue;
    const below = value % unit;
    return inWords(value / unit) + name + (below && below < unit / 10n ? DIGITS[0] : "") + (below ? inWords(below) : "");
  }
  return DIGITS[value];
}

function capitals(cents) {
  const rest = size(cents) % HUNDRED;
  const whole = size(cents) / HUNDRED;
  const [tenth, hundredth] = [rest / 10n, rest % 10n];
  const sign = cents < 0n ? "负" : "";
  const words = whole || !rest ? `${inWords(whole)}元` : "";
  if (!rest) return `${sign}${words}整`;
  return sign + words + (tenth ? `${DIGITS[tenth]}角` : words && DIGITS[0]) + (hundredth ? `${DIGITS[hundredth]}分` : "");
}

// ---- Rows of a sheet -------------------------------------------------------------------------------

// Tab-separated text as Excel copies it: cells with tabs, line ends or quotes in them stand in quotes.
function table(text) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"(?=\t|\r?\n|\r|$)|([^\t\r\n]*))(\t|\r\n|\n|\r|$)/gy;
  for (let found; cell.lastIndex < text.length && (found = cell.exec(text)); ) {
    rows.at(-1).push((found[1]?.replaceAll('""', '"') ?? found[2]).trim());
    if (found[3] && found[3] !== "\t") rows.push([]);
  }
  return rows.filter((row) => row.some(Boolean));
}

// ---- The grid --------------------------------------------------------------------------------------

const SECOND = 1000;
const control = (cell) => cell?.querySelector("select, input:not([type=hidden]), textarea");
const FACTORS = ["quantity", "price", "discount", "tax_rate"];

class Lines extends HTMLElement {
  static amounts = amounts;
  static capitals = capitals;
  static table = table;
  static written = written;
  static number = number;

  connectedCallback() {
    this.body = this.querySelector("tbody");
    this.back = this.querySelector("[data-bring-back]");
    this.pattern = this.querySelector("template").innerHTML;
    this.factors = this.dataset.factors.split(" ").filter(Boolean);
    this.found = new WeakMap(); // row → what it comes to
    this.removed = [];
    const numbers = [...this.body.querySelectorAll("input[name$='-id']")].map(({ name }) => Number(name.split("-")[1]));
    this.next = Math.max(-1, ...numbers) + 1;
    this.classList.add("lively");
    this.addEventListener("keydown", (event) => this.press(event));
    this.addEventListener("input", (event) => this.count(event.target.closest("tr")));
    this.addEventListener("change", (event) => this.changed(event));
    this.addEventListener("click", (event) => this.click(event));
    this.addEventListener("paste", (event) => this.paste(event));
    for (const row of this.body.rows) this.count(row, false);
    this.renumber();
  }

  get rows() {
    return [...this.body.rows].filter((row) => !row.hidden);
  }

  cells(row) {
    return [...row.cells].filter(control);
  }

  isEmpty(row) {
    if (row.querySelector("input[name$='-id']").value) return false;
    return this.cells(row).every((cell) => {
      const field = control(cell);
      if (field.type === "checkbox") return field.checked === field.defaultChecked;
      if (field.localName === "select") return !field.value || [...field.options].some((one) => one.defaultSelected && one.selected);
      return field.value === field.defaultValue;
    });
  }

  // ---- Keys

  press(event) {
    const cell = event.target.closest("tbody td");
    if (!cell || !control(cell)) return;
    const { key } = event;
    const row = cell.parentElement;
    const act = this.action(event, row, cell);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
    if (key !== "Tab" && key !== "Enter") this.renumber();
  }

  action(event, row, cell) {
    const { key, altKey, shiftKey } = event;
    const command = event.ctrlKey || event.metaKey;
    const vertical = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (vertical && altKey) return () => this.move(row, vertical, cell);
    if (command && key.toLowerCase() === "d") return () => this.copy(row, cell);
    if (command && key === "Delete") return () => this.remove(row, cell.cellIndex);
    if (command || altKey) return null;
    // A search box has taken the key: it chose what was found.
    const chosen = event.defaultPrevented && event.target.closest(".ts-wrapper");
    if (key === "Enter" && (chosen || !event.defaultPrevented)) return () => this.step(row, cell, shiftKey ? -1 : 1);
    if (key === "Tab" && (chosen || this.isEnd(row, cell, shiftKey))) return () => this.step(row, cell, 1);
    const own = event.target.closest(".ts-wrapper, select") || event.defaultPrevented;
    if (vertical && !own) return () => this.focus(this.rows[this.rows.indexOf(row) + vertical]?.cells[cell.cellIndex]);
    return null;
  }

  // An empty last line lets Tab out of the grid.
  isEnd(row, cell, shiftKey) {
    return !shiftKey && row === this.rows.at(-1) && cell === this.cells(row).at(-1) && !this.isEmpty(row);
  }

  step(row, cell, by) {
    const cells = this.rows.flatMap((each) => this.cells(each));
    const to = cells[cells.indexOf(cell) + by];
    if (to) this.focus(to);
    else if (by > 0 && !this.isEmpty(row)) this.focus(this.cells(this.add())[0]);
  }

  focus(cell) {
    const field = control(cell);
    if (!field) return;
    if (field.tomselect) field.tomselect.focus();
    else field.focus();
    if (field.localName === "input" && field.type !== "checkbox") field.select();
  }

  copy(row, cell) {
    const above = this.rows[this.rows.indexOf(row) - 1]?.cells[cell.cellIndex];
    const from = control(above);
    if (!from) return;
    this.write(cell, from.type === "checkbox" ? from.checked : from.value, from.selectedOptions?.[0]?.text);
    this.tell(row);
  }

  // ---- Lines

  add(at = this.next) {
    const holder = document.createElement("template");
    holder.innerHTML = this.pattern.replaceAll("__n__", at);
    const row = holder.content.querySelector("tr");
    this.next = Math.max(this.next, at + 1);
    this.body.append(row);
    row.dispatchEvent(new CustomEvent("added", { bubbles: true }));
    this.renumber();
    return row;
  }

  // A draft comes back: as many lines as it has.
  makeRoom(entries) {
    for (const [name] of entries) {
      const at = /^lines-(\d+)-id$/.exec(name)?.[1];
      if (at && !this.body.querySelector(`[name="lines-${at}-id"]`)) this.add(Number(at));
    }
  }

  remove(row, column = 1) {
    const mark = row.querySelector("[name$='-removed']");
    const at = this.rows.indexOf(row);
    this.removed.push({ row, before: row.nextElementSibling });
    if (mark) mark.checked = row.hidden = true;
    else row.remove();
    if (!this.rows.length) this.add();
    this.tell();
    this.focus((this.rows[at] ?? this.rows.at(-1)).cells[column] ?? null);
  }

  bringBack() {
    const { row, before } = this.removed.pop();
    const mark = row.querySelector("[name$='-removed']");
    if (mark) mark.checked = row.hidden = false;
    else this.body.insertBefore(row, before?.parentElement ? before : null);
    this.tell();
    this.focus(this.cells(row)[0]);
  }

  move(row, by, cell = null) {
    const other = this.rows[this.rows.indexOf(row) + by];
    if (!other) return;
    if (by < 0) other.before(row);
    else other.after(row);
    this.tell();
    if (cell) this.focus(cell);
  }

  renumber() {
    this.rows.forEach((row, at) => (row.querySelector("[data-number]").textContent = at + 1));
    this.back.hidden = !this.removed.length;
  }

  click(event) {
    const row = event.target.closest("tr");
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.move) this.move(row, Number(button.dataset.move));
    else if ("dropLine" in button.dataset) this.remove(row);
    else if ("bringBack" in button.dataset) this.bringBack();
    else if ("add" in button.dataset) {
      event.preventDefault();
      this.focus(this.cells(this.add())[0]);
    }
  }

  // ---- Values

  changed({ target }) {
    const row = target.closest("tbody tr");
    if (!row) return;
    if (target.name.endsWith("-removed")) row.hidden = target.checked;
    if (target.closest("td.number") && /^-?\d*\.?\d*$/.test(plain(target.value))) target.value = plain(target.value);
    this.count(row);
  }

  write(cell, value, text = value) {
    const field = control(cell);
    if (field.type === "checkbox") field.checked = /^(true|1|y|yes|是|√|✓)$/i.test(String(value));
    else if (field.localName === "select") this.choose(field, String(value), String(text));
    else field.value = cell.matches(".number") && /\d/.test(value) ? plain(String(value)) : value;
  }

  // What is not among the choices is sent as it was pasted, and the server looks for it by name.
  choose(field, value, text) {
    const known = [...field.options].find((one) => one.value === value && one.text === text) ?? [...field.options].find((one) => one.text === text);
    const open = field.matches(".record > *");
    const chosen = known?.value ?? (open && value ? (value === text ? `?${text}` : value) : "");
    if (!known && chosen) {
      if (field.tomselect) field.tomselect.addOption({ id: chosen, text });
      else field.add(new Option(text, chosen));
    }
    if (field.tomselect) field.tomselect.setValue(chosen, true);
    else field.value = chosen;
  }

  paste(event) {
    const cell = event.target.closest("tbody td");
    const text = event.clipboardData.getData("text/plain");
    if (!cell || !/[\t\r\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    control(cell).tomselect?.close();
    const rows = table(text);
    const columns = this.columnsOf(rows, cell);
    let at = this.rows.indexOf(cell.parentElement);
    for (const values of rows) {
      const row = this.rows[at] ?? this.add();
      values.forEach((value, number) => columns[number] && this.write(row.cells[columns[number]], value));
      this.count(row, false);
      at += 1;
    }
    this.tell();
    this.focus(this.rows[at - 1].cells[cell.cellIndex]);
  }

  // A first row that names columns says where the others go; else they go where the cursor is and to its right.
  columnsOf(rows, cell) {
    const typed = this.cells(cell.parentElement).map((each) => each.cellIndex);
    const labels = new Map(this.cells(cell.parentElement).map((each) => [each.dataset.l, each.cellIndex]));
    const named = rows[0].map((text) => labels.get(text.replace(/\*$/, "").trim()));
    if (named.filter(Boolean).length < 2) return typed.filter((index) => index >= cell.cellIndex);
    rows.shift();
    return named;
  }

  // ---- Sums

  tell(row) {
    this.renumber();
    this.dispatchEvent(new Event("input", { bubbles: true }));
    if (row) this.count(row);
    this.show();
  }

  count(row, show = true) {
    if (!row?.querySelector("[data-number]") || !this.factors.length) return;
    const value = (name) => row.querySelector(`[name$="-${name}"]`)?.value ?? row.getAttribute(`data-${name}`) ?? "0";
    const given = FACTORS.map((name) => (this.factors.includes(name) ? value(name) : "0"));
    const found = amounts(...given, "included" in this.dataset);
    this.found.set(row, found);
    const empty = this.isEmpty(row);
    for (const [name, cents] of Object.entries(found)) {
      const cell = row.querySelector(`[data-result="${name}"]`);
      if (cell) cell.textContent = empty ? "" : written(cents);
    }
    if (show) this.show();
  }

  // Sums are read out: once a second at most.
  show() {
    this.late = true;
    if (this.waits) return;
    this.sum();
    this.waits = setTimeout(() => {
      this.waits = null;
      if (this.late) this.sum();
    }, SECOND);
  }

  sum() {
    this.late = false;
    const total = { net: 0n, tax: 0n, reduction: 0n, total: 0n };
    for (const row of this.rows) for (const [name, cents] of Object.entries(this.found.get(row) ?? {})) total[name] += cents;
    for (const cell of this.querySelectorAll("[data-sum]")) {
      const { sum } = cell.dataset;
      const text = sum === "capitals" ? capitals(total.total) : written(total[sum]);
      if (cell.textContent !== text) cell.textContent = text;
    }
  }
}

customElements.define("c-lines", Lines);
