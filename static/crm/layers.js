// What lies above the page: menus, small panels, drawers and dialogs, notices.

const GAP = 8; // pixels between a layer and the window's edge

// Put a fixed layer at a point, or under an element; inside the window in any case.
function place(layer, at) {
  const box = at instanceof Element ? at.getBoundingClientRect() : new DOMRect(at.x, at.y, 0, 0);
  const { width, height } = layer.getBoundingClientRect();
  const below = box.bottom + 4;
  const fits = below + height + GAP <= innerHeight;
  layer.style.left = `${Math.max(GAP, Math.min(box.left, innerWidth - width - GAP))}px`;
  layer.style.top = `${Math.max(GAP, fits ? below : box.top > height + GAP ? box.top - height - 4 : innerHeight - height - GAP)}px`;
}

// ---- Menus -----------------------------------------------------------------------------------------

/* <c-menu><button aria-haspopup="menu">…</button><div role="menu" hidden>…</div></c-menu>
   Without a button it is opened by others: `open({x, y} or element)`, `load(url)` fills it first. */
class Menu extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector(":scope > button");
    this.list = this.querySelector(":scope > [role=menu]");
    this.button?.addEventListener("click", () => (this.isOpen ? this.close() : this.open(this.button)));
    this.button?.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      this.open(this.button);
    });
    this.list.addEventListener("keydown", (event) => this.press(event));
    this.list.addEventListener("click", (event) => this.choose(event));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  get items() {
    return [...this.list.querySelectorAll("[role^=menuitem]")];
  }

  async load(url) {
    await window.htmx.ajax("GET", url, { target: this.list, swap: "innerHTML" });
    return this.items.length > 0;
  }

  open(at) {
    Menu.current?.close();
    Menu.current = this;
    this.opener = document.activeElement;
    this.list.hidden = false;
    place(this.list, at);
    this.button?.setAttribute("aria-expanded", "true");
    this.items[0]?.focus();
  }

  close() {
    if (!this.isOpen) return;
    const inside = this.list.contains(document.activeElement);
    this.list.hidden = true;
    this.button?.setAttribute("aria-expanded", "false");
    if (Menu.current === this) Menu.current = null;
    if (inside && this.opener?.isConnected) this.opener.focus();
  }

  choose(event) {
    const item = event.target.closest("[role^=menuitem]");
    if (!item) return;
    if (item.getAttribute("aria-disabled") === "true") event.preventDefault();
    else this.close();
  }

  press(event) {
    const { items } = this;
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (step !== undefined) items[step % items.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else if (event.key === " ") document.activeElement.click();
    else if (event.key.length === 1) this.seek(event.key, at);
    else return;
    event.stopPropagation();
    if (event.key !== "Tab") event.preventDefault();
  }

  seek(letter, at) {
    const { items } = this;
    const rest = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    rest.find((item) => item.textContent.trim().toLowerCase().startsWith(letter.toLowerCase()))?.focus();
  }
}

document.addEventListener("pointerdown", (event) => Menu.current && !Menu.current.contains(event.target) && Menu.current.close());
addEventListener("resize", () => Menu.current?.close());
addEventListener("scroll", (event) => event.target === document && Menu.current?.close(), true);

// ---- Small panels ----------------------------------------------------------------------------------

/* <c-pop><details><summary>…</summary><div class="pop">…</div></details></c-pop>: one at a time, Esc closes. */
class Pop extends HTMLElement {
  connectedCallback() {
    this.details = this.querySelector("details");
    this.summary = this.querySelector("summary");
    this.details.addEventListener("toggle", () => this.details.open && this.show());
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.details.open) return;
      event.stopPropagation();
      event.preventDefault();
      this.close();
      this.summary.focus();
    });
    // A press on plain text inside moves the focus to what surrounds the panel: that is no leaving.
    this.addEventListener("focusout", ({ relatedTarget: next }) => next && !this.contains(next) && !next.contains(this) && this.close());
  }

  show() {
    if (Pop.current !== this) Pop.current?.close();
    Pop.current = this;
    place(this.querySelector(".pop"), this.summary);
  }

  close() {
    this.details.open = false;
  }
}

document.addEventListener("pointerdown", (event) => Pop.current && !Pop.current.contains(event.target) && Pop.current.close());

// ---- Drawers and dialogs ---------------------------------------------------------------------------
// A request that targets #drawer-body or #dialog-body opens that dialog; the events `saved` and `done` close both.
// Before one closes it sends a cancelable `leaving`, so that a form can ask about unsaved changes.

// Where the focus begins: the first of these that there is. In a layer that changes its tab it stays on the tab.
const FIRST = ["[data-first]", "[data-focus]", "[autofocus]:not(.leave *)", "input:not([type=hidden]), select, textarea", ".dialog-foot .btn"];
const LAYERS = ["drawer", "dialog"].map((id) => document.getElementById(id)).filter(Boolean);

function leave(dialog) {
  if (dialog.dispatchEvent(new CustomEvent("leaving", { bubbles: true, cancelable: true }))) dialog.close();
}

for (const dialog of LAYERS) {
  const body = dialog.firstElementChild;
  body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target !== body || !body.firstElementChild) return;
    const wanted = dialog.open ? ["[aria-current=page]", ...FIRST] : FIRST;
    if (!dialog.open) dialog.showModal();
    wanted.map((selector) => body.querySelector(selector)).find(Boolean)?.focus();
  });
  dialog.addEventListener("close", () => body.replaceChildren());
}

document.addEventListener("cancel", (event) => {
  event.preventDefault();
  leave(event.target);
}, true);
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
  if (event.target.closest?.("[data-close]")) leave(event.target.closest("dialog"));
});
// A press that begins and ends on the backdrop; dragging a selection out of the dialog is none.
document.addEventListener("pointerdown", (event) => event.target.matches?.("dialog[open]") && outside(event) && leave(event.target));
const closeAll = () => LAYERS.forEach((dialog) => dialog.open && dialog.close());
document.addEventListener("saved", ({ detail }) => detail.stay || closeAll());
document.addEventListener("done", closeAll);

function outside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

// ---- Notices ---------------------------------------------------------------------------------------

const SHORT = 5000; // milliseconds that a notice stays
const LONG = 10000; // with a button on it

/* The event `toast` {text, kind, label, url} shows a notice; `label` and `url` add a button that posts there. */
class Toast extends HTMLElement {
  connectedCallback() {
    if (this.listens) return; // it has only moved
    this.listens = true;
    document.addEventListener("close", (event) => event.target.contains(this) && this.raise(), true);
    document.addEventListener("toast", (event) => this.add(event.detail));
    document.addEventListener("htmx:sendError", () => this.add({ text: this.dataset.offline, kind: "danger" }));
    document.addEventListener("htmx:responseError", (event) => {
      const told = (event.detail.xhr.getResponseHeader("HX-Trigger") ?? "").includes('"toast"');
      if (!told) this.add({ text: this.dataset.failed, kind: "danger" });
    });
    for (const note of this.querySelectorAll("p")) {
      note.remove();
      this.add({ text: note.textContent, kind: note.dataset.kind, label: note.dataset.label, url: note.dataset.url });
    }
  }

  // Remembered: a dialog that is taken away while it holds both must not take them along.
  get status() {
    return (this.spoken ??= document.getElementById("status"));
  }

  add({ text, kind = "success", label, url }) {
    const note = document.createElement("div");
    note.className = "toast-note";
    note.dataset.kind = kind;
    note.append(text);
    if (label) note.append(this.button(label, "toast-act", () => window.htmx.ajax("POST", url, { swap: "none" }), note));
    note.append(this.button("×", "toast-close", () => {}, note));
    note.lastChild.setAttribute("aria-label", this.dataset.close);
    this.append(note);
    this.raise();
    this.expire(note, label ? LONG : SHORT);
    this.status.textContent = text;
  }

  button(text, name, act, note) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = name;
    button.textContent = text;
    button.addEventListener("click", () => {
      act();
      note.remove();
    });
    return button;
  }

  // The newest layer lies on top: show the notices again, above a dialog that has opened since. While a
  // dialog is open, nothing outside it can be clicked or is read out, so they stay inside it.
  raise() {
    const home = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
    if (this.parentElement !== home) home.append(this, this.status);
    if (!this.showPopover) return;
    this.popover = "manual";
    if (this.matches(":popover-open")) this.hidePopover();
    this.showPopover();
  }

  expire(note, time) {
    let timer;
    const start = () => (timer = setTimeout(() => note.remove(), time));
    for (const type of ["pointerenter", "focusin"]) note.addEventListener(type, () => clearTimeout(timer));
    for (const type of ["pointerleave", "focusout"]) note.addEventListener(type, start);
    start();
  }
}

customElements.define("c-menu", Menu);
customElements.define("c-pop", Pop);
customElements.define("c-toast", Toast);
