// Forms of records: unsaved changes, saving by keys, fields that hang on another field, more fields than the drawer has.

/* <c-form><form>…</form></c-form>; data-dirty: what is typed came back from the server and is not saved yet. */
class RecordForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.layer = this.closest("dialog");
    this.question = this.querySelector("dialog.leave");
    this.dirty = this.hasAttribute("data-dirty");
    this.form.addEventListener("input", (event) => this.typed(event));
    this.form.addEventListener("change", (event) => this.changed(event));
    this.form.addEventListener("submit", () => (this.sent = true));
    this.addEventListener("htmx:afterRequest", () => (this.sent = false));
    this.addEventListener("click", (event) => this.click(event));
    this.guard = (event) => this.leaving(event);
    addEventListener("beforeunload", this.guard);
    this.layer?.addEventListener("leaving", this.guard);
    this.mark();
  }

  disconnectedCallback() {
    removeEventListener("beforeunload", this.guard);
    this.layer?.removeEventListener("leaving", this.guard);
  }

  // Where two versions are offered, typing on means one's own.
  typed({ target }) {
    const mine = this.form.querySelector(`input[name="take_${target.name}"][value=mine]`);
    if (mine) mine.checked = true;
    this.dirty = true;
    this.mark();
  }

  mark() {
    for (const note of this.querySelectorAll("[data-unsaved]")) note.hidden = !this.dirty;
  }

  // Leaving a page asks in the browser's words, closing a drawer in ours.
  leaving(event) {
    if (!this.dirty || this.sent || (event.target !== this.layer && event.type === "leaving")) return;
    event.preventDefault();
    if (event.type === "leaving") this.question.showModal();
  }

  changed(event) {
    this.typed(event);
    for (const select of this.form.querySelectorAll(`select[data-within="${event.target.name}"]`)) {
      select.tomselect?.clear();
      select.tomselect?.clearOptions();
      select.tomselect?.load("");
    }
  }

  click(event) {
    const { target } = event;
    if (target.closest("[data-stay]")) this.question.close();
    if (target.closest("[data-leave]")) {
      this.dirty = false;
      this.question.close();
      this.layer.close();
    }
    const more = target.closest("[data-whole]");
    if (more) this.openWhole(more.dataset.whole);
  }

  // The page with all fields takes along what has been typed here.
  openWhole(address) {
    this.sent = true;
    const mark = document.createElement("input");
    Object.assign(mark, { type: "hidden", name: "whole", value: "1" });
    this.form.append(mark);
    this.form.action = address;
    this.form.submit();
  }
}

customElements.define("c-form", RecordForm);

// Ctrl+S and Ctrl+Enter save, Alt+S saves and begins the next one: in the open layer, else on the page.
document.addEventListener("keydown", (event) => {
  const saves = (event.ctrlKey || event.metaKey) && !event.shiftKey && (event.key.toLowerCase() === "s" || event.key === "Enter");
  const next = event.altKey && !event.ctrlKey && event.code === "KeyS";
  if (!saves && !next) return;
  const layers = [...document.querySelectorAll("dialog[open]")];
  const form = (layers.at(-1) ?? document).querySelector("form:is(.record-form, dialog form)");
  const button = form?.querySelector(next ? "button[name=then]" : "button:not([type=button], [name])");
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
});
