// Drafts: what was typed into a form stays on this device until it is saved, discarded or a week old.
// They belong to one user and go when that user signs out. Passwords, files and masked fields are never kept.

const KEPT = 7 * 24 * 3600 * 1000; // milliseconds
const MOST = 20; // drafts
const LARGEST = 300_000; // characters of one
const START = "draft:";

const drafts = () => Object.keys(localStorage).filter((key) => key.startsWith(START));

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function forget(wanted) {
  for (const key of drafts()) if (wanted(key, read(key))) localStorage.removeItem(key);
}

// What a form holds: [name, value, text of the choice], in the order of the page.
function entries(form) {
  const found = [];
  for (const control of form.elements) {
    const { name, type, value } = control;
    const left = !name || name === "csrfmiddlewaretoken" || name === "token" || name.startsWith("take_");
    if (left || control.disabled || ["password", "file", "submit", "button"].includes(type)) continue;
    if (control.autocomplete?.includes("password") || control.closest("[data-no-draft]")) continue;
    if (type === "checkbox" || type === "radio") found.push([name, control.checked ? value : null, value]);
    else if (control.localName === "select") for (const option of control.selectedOptions) found.push([name, option.value, option.text]);
    else found.push([name, value]);
  }
  return found;
}

// Only where it differs, so that whoever listens hears of real changes.
function fill(control, value, text) {
  if (control.type === "checkbox" || control.type === "radio") control.checked = value !== null;
  else if (control.tomselect) {
    control.tomselect.addOption({ id: value, text });
    control.tomselect.setValue(value);
  } else {
    if (control.localName === "select" && ![...control.options].some((option) => option.value === value)) control.add(new Option(text, value));
    control.value = value;
  }
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

/* The draft of one form; `name` says whose and of what. */
class Draft {
  constructor(name, form) {
    Object.assign(this, { key: START + name, form });
    const user = `${START}${name.split("/")[0]}/`;
    // Somebody else sits here now, or it is too old to be missed.
    forget((key, draft) => !key.startsWith(user) || !draft || Date.now() - draft.at > KEPT);
  }

  get kept() {
    return read(this.key);
  }

  keep() {
    if (Draft.over) return;
    const draft = JSON.stringify({ at: Date.now(), token: this.form.elements.token?.value, entries: entries(this.form) });
    if (draft.length > LARGEST) return;
    const others = drafts().filter((key) => key !== this.key);
    others.sort((a, b) => read(a).at - read(b).at);
    for (const key of others.slice(0, Math.max(0, others.length + 1 - MOST))) localStorage.removeItem(key);
    try {
      localStorage.setItem(this.key, draft);
    } catch {
      // No room on this device: the form works without.
    }
  }

  drop() {
    localStorage.removeItem(this.key);
  }

  restore() {
    const draft = this.kept;
    this.form.querySelector("c-lines")?.makeRoom?.(draft.entries);
    const seen = new Map();
    for (const [name, value, text] of draft.entries) {
      const same = [...this.form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
      const boxes = same.filter(({ type }) => type === "checkbox" || type === "radio");
      const control = boxes.length ? boxes.find((box) => box.value === text) : same[seen.get(name) ?? 0];
      seen.set(name, (seen.get(name) ?? 0) + 1);
      if (control) fill(control, value, text);
    }
  }
}

globalThis.Draft = Draft;

// The server names the form that it has saved; whoever signs out leaves nothing behind.
const [, saved] = document.cookie.match(/(?:^|; )saved=([\w-]+)/) ?? [];
if (saved) {
  forget((_key, draft) => draft?.token === saved);
  document.cookie = "saved=; path=/; max-age=0; samesite=lax";
}
document.addEventListener(
  "submit",
  ({ target }) => {
    if (!target.action?.endsWith("/sign-out/")) return;
    Draft.over = true;
    forget(() => true);
  },
  true,
);
