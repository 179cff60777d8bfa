// The palette: one box over the page that finds records and runs commands. The server answers with ready lines.

const KEPT = 5; // records that are remembered as seen last, by kind and id only: their names stay on the server

/* <c-palette> in <dialog id="palette">: the focus stays in the box, the arrows move the chosen line. */
class Palette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.parentElement;
    this.form = this.querySelector("form");
    this.box = this.querySelector("[role=combobox]");
    this.found = this.querySelector("#palette-found");
    this.chip = this.querySelector(".palette-of");
    this.remember();
    this.box.addEventListener("keydown", (event) => this.press(event));
    this.box.addEventListener("htmx:beforeRequest", () => (this.asked = this.query));
    this.found.addEventListener("htmx:afterSettle", (event) => event.target === this.found && this.show());
    this.found.addEventListener("pointermove", (event) => this.point(event));
    this.found.addEventListener("click", (event) => this.clicked(event));
    // A box in a closed dialog keeps the focus for a moment, in which the page's keys would be typed into it.
    this.dialog.addEventListener("close", () => this.box.blur());
    this.form.addEventListener("submit", (event) => event.target === this.form && event.preventDefault());
  }

  open() {
    if (document.querySelector("dialog[open]")) return;
    this.reset();
    this.dialog.showModal();
    this.box.focus();
    window.htmx.trigger(this.box, "ask");
  }

  reset() {
    this.form.reset();
    this.form.elements.recent.value = this.seen.filter((place) => place !== this.here).slice(0, KEPT);
    this.actOn("", "");
    this.waiting = null;
    this.shown = undefined;
    this.found.replaceChildren();
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }

  // ---- what is asked and shown

  get query() {
    return `${this.form.elements.of.value} ${this.box.value.trim()}`;
  }

  get options() {
    return [...this.found.querySelectorAll("[role=option]")];
  }

  get chosen() {
    return this.found.querySelector("[aria-selected=true]");
  }

  show() {
    this.shown = this.asked;
    this.querySelector("[role=status]").textContent = this.found.querySelector("[data-said]")?.dataset.said ?? "";
    this.box.setAttribute("aria-expanded", String(this.options.length > 0));
    this.found.scrollTop = 0;
    this.choose(0);
    const act = this.waiting;
    if (!act || this.shown !== this.query) return;
    this.waiting = null;
    act();
  }

  choose(index) {
    const option = this.options[index];
    this.chosen?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    if (option) this.box.setAttribute("aria-activedescendant", option.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  // Lines that scroll past a resting pointer are not pointed at.
  point({ target, movementX, movementY }) {
    const option = target.closest("[role=option]");
    if (option && (movementX || movementY)) this.choose(this.options.indexOf(option));
  }

  // Keys that act on the chosen line wait for the answer to what has just been typed.
  whenShown(act) {
    if (this.shown === this.query) act();
    else this.waiting = act;
  }

  // ---- keys and pointer

  press(event) {
    if (this.act(event)) event.preventDefault();
  }

  act({ key, ctrlKey, metaKey, shiftKey }) {
    if (key === "ArrowDown" || key === "ArrowUp") return this.move(key === "ArrowDown" ? 1 : -1);
    if (key === "Enter") {
      this.whenShown(() => this.run(ctrlKey || metaKey));
      return true;
    }
    if (key === "Tab" && !shiftKey && !this.form.elements.of.value) {
      if (this.shown === this.query && !this.chosen?.dataset.of) return false;
      this.whenShown(() => this.list(this.chosen));
      return true;
    }
    if (key === "Backspace" && !this.box.value && this.form.elements.of.value) return this.list(null);
    return false;
  }

  move(step) {
    const { options } = this;
    if (!options.length) return true;
    this.choose((options.indexOf(this.chosen) + step + options.length) % options.length);
    this.chosen.scrollIntoView({ block: "nearest" });
    return true;
  }

  run(apart) {
    if (!this.chosen) return;
    if (apart && this.chosen.href) window.open(this.chosen.href, "_blank", "noopener");
    else this.chosen.click();
  }

  // List what can be done with a record, or go back to where everything is searched.
  list(option) {
    this.actOn(option?.dataset.of ?? "", option?.dataset.name ?? "");
    this.box.value = "";
    window.htmx.trigger(this.box, "ask");
    return true;
  }

  actOn(of, name) {
    this.form.elements.of.value = of;
    this.chip.textContent = name;
    this.chip.hidden = !of;
  }

  // The palette closes before what was chosen opens, so that the focus comes back to where it was. The lines stay
  // in the page: a request that one of them sent reports to it.
  clicked(event) {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey || option.getAttribute("aria-disabled") === "true") return;
    this.dialog.close();
  }

  // ---- records seen last

  get key() {
    return `recent:${this.dialog.dataset.user}`;
  }

  get seen() {
    return (localStorage.getItem(this.key) ?? "").split(",").filter(Boolean);
  }

  // The record of this page, such as customers.customer:12.
  get here() {
    const [, app, name, pk] = location.pathname.match(/^\/([\w-]+)\/([\w-]+)\/(\d+)\/$/) ?? [];
    return pk && document.getElementById("record") ? `${app}.${name}:${pk}` : "";
  }

  remember() {
    const { here, seen } = this;
    if (here) localStorage.setItem(this.key, [here, ...seen.filter((place) => place !== here)].slice(0, KEPT + 1));
  }
}

customElements.define("c-palette", Palette);

const palette = document.querySelector("c-palette");

document.addEventListener("keydown", (event) => {
  if (!palette || event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  palette.open();
});
document.addEventListener("click", (event) => {
  if (!palette || event.ctrlKey || event.metaKey || !event.target.closest?.("[data-palette]")) return;
  event.preventDefault();
  palette.open();
});
