// Forms of records: unsaved changes, saving by keys, fields that hang on another field, more fields than the drawer has.

/* <c-form data-draft="whose/what"><form>…</form></c-form>
   data-dirty: what is typed came back from the server and is not saved yet; without a name no draft is kept. */
class RecordForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.layer = this.closest("dialog:not(.leave)");
    this.question = this.querySelector("dialog.leave");
    this.dirty = this.hasAttribute("data-dirty");
    this.form.addEventListener("input", (event) => this.typed(event));
    this.form.addEventListener("change", (event) => this.changed(event));
    this.form.addEventListener("submit", () => this.submitted());
    this.addEventListener("htmx:afterRequest", (event) => this.answered(event));
    this.addEventListener("click", (event) => this.click(event));
    this.listen("beforeunload", window, (event) => this.leaving(event));
    this.listen("pagehide", window, () => this.keep());
    this.listen("visibilitychange", document, () => document.hidden && this.keep());
    this.listen("leaving", this.layer, (event) => event.target === this.layer && this.leaving(event));
    this.listen("click", document, (event) => this.follow(event));
    this.listen("htmx:confirm", document, (event) => this.replaced(event));
    this.offer();
    this.mark();
  }

  disconnectedCallback() {
    this.gone.abort();
    delete this.gone;
    clearTimeout(this.timer);
  }

  listen(type, target, act) {
    this.gone ??= new AbortController();
    target?.addEventListener(type, act, { signal: this.gone.signal });
  }

  // Where two versions are offered, typing on means one's own.
  typed({ target }) {
    const mine = this.form.querySelector(`input[name="take_${target.name}"][value=mine]`);
    if (mine) mine.checked = true;
    this.dirty = true;
    this.mark();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), 400);
  }

  mark() {
    for (const note of this.querySelectorAll("[data-unsaved]")) note.hidden = !this.dirty;
  }

  // ---- Drafts

  offer() {
    const name = this.dataset.draft;
    if (!name) return;
    this.draft = new Draft(name, this.form);
    const { kept } = this.draft;
    if (!kept || this.dirty) return;
    const box = this.querySelector(".draft > div");
    const time = box.querySelector("time");
    time.dateTime = new Date(kept.at).toISOString();
    time.textContent = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    box.hidden = false;
  }

  keep() {
    if (this.dirty && !this.left) this.draft?.keep();
  }

  answerOffer(restore) {
    this.querySelector(".draft > div").hidden = true;
    if (restore) this.draft.restore();
    else this.draft.drop();
    this.form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }

  // ---- Sending

  submitted() {
    this.keep();
    this.sent = true;
  }

  answered({ detail }) {
    if (detail.elt !== this.form) return;
    this.sent = false;
    const { status } = detail.xhr;
    if (status === 204) this.draft?.drop();
    // The page goes to the sign-in now, and the draft waits for whoever comes back.
    if (status === 204 || (status === 401 && this.draft)) this.dirty = false;
    if (status === 0 && this.draft) document.dispatchEvent(new CustomEvent("toast", { detail: { text: this.dataset.kept, kind: "danger" } }));
  }

  // ---- Leaving

  // Closing the tab and going back ask in the browser's words, everything else in ours.
  leaving(event) {
    if (!this.dirty || this.sent) return;
    event.preventDefault();
    if (event.type === "leaving") this.ask(() => this.layer.close());
  }

  follow(event) {
    const link = event.target.closest?.("a[href]");
    const stays = !link || link.target || link.hasAttribute("download") || link.hasAttribute("hx-get") || link.hash || event.defaultPrevented;
    if (stays || this.layer || !this.dirty || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.ask(() => location.assign(link.href));
  }

  // Something else wants to stand where this form is.
  replaced(event) {
    const { elt, target } = event.detail;
    if (!this.dirty || this.form === elt || !target?.contains(this)) return;
    event.preventDefault();
    this.ask(() => event.detail.issueRequest(true));
  }

  ask(leave) {
    this.leave = leave;
    this.question.showModal();
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
      this.left = true;
      this.draft?.drop();
      this.question.close();
      this.leave();
    }
    if (target.closest("[data-restore]")) this.answerOffer(true);
    if (target.closest("[data-discard]")) this.answerOffer(false);
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

/* <c-stages>: the bar of stages; its key goes to the next one that can be reached, arrows to its neighbours. */
class Stages extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => event.target.matches("[data-to-stages]") && (this.next ?? this.steps[0])?.focus());
    this.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const at = this.steps.indexOf(document.activeElement);
      if (!by || at < 0) return;
      event.preventDefault();
      event.stopPropagation();
      this.steps[at + by]?.focus();
    });
  }

  get steps() {
    return [...this.querySelectorAll("button.stage")];
  }

  get next() {
    return this.querySelector("li.ahead button:not([aria-disabled])");
  }
}

customElements.define("c-stages", Stages);

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
