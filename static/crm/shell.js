// Behaviour of every page: input methods, shortcuts, navigation, busy state, focus after a swap.

// ---- Input methods ---------------------------------------------------------------------------------
// While somebody composes Chinese, keys belong to the input method. Some of them send the confirming Enter
// only after composition has ended, with keyCode 229. No handler of the page sees any of these, and searches
// that listen to `input` hear of the text once it is complete.

const composing = (event) => event.isComposing || event.keyCode === 229;

for (const type of ["keydown", "keyup", "keypress"]) {
  window.addEventListener(
    type,
    (event) => {
      if (!composing(event)) return;
      event.stopImmediatePropagation();
      if (event.key === "Enter" && !event.isComposing) event.preventDefault();
    },
    true,
  );
}
window.addEventListener("input", (event) => event.isComposing && event.stopImmediatePropagation(), true);
window.addEventListener("compositionend", (event) => {
  setTimeout(() => event.target.dispatchEvent(new Event("input", { bubbles: true })));
});

// ---- Shortcuts -------------------------------------------------------------------------------------
// A control names its key in aria-keyshortcuts; pressing it clicks or focuses the first visible one.

const page = document.documentElement;
const isField = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select") || element.isContentEditable;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() === "b" && !event.shiftKey) {
      event.preventDefault();
      foldNavigation();
    }
    return;
  }
  if (event.key.length !== 1 || page.dataset.keys === "off" || isField(event.target)) return;
  const scope = document.querySelector("dialog[open]") ?? document;
  const control = [...scope.querySelectorAll("[aria-keyshortcuts]")].find(
    (element) => element.getAttribute("aria-keyshortcuts").toLowerCase() === event.key.toLowerCase() && element.checkVisibility?.() !== false,
  );
  if (!control) return;
  event.preventDefault();
  isField(control) ? control.focus() : control.click();
});

// G, then a letter, follows the link with that data-go; nothing else on the page hears the letter.
const WAIT = 1500; // milliseconds for the second letter
let going = 0;

window.addEventListener(
  "keydown",
  (event) => {
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    const away = page.dataset.keys === "off" || isField(event.target) || document.querySelector("dialog[open]");
    if (!plain || away) return;
    const second = Date.now() - going < WAIT;
    going = !second && event.key.toLowerCase() === "g" ? Date.now() : 0;
    const link = second && document.querySelector(`[data-go="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!link && !going) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (link) link.click();
  },
  true,
);

// ---- Navigation ------------------------------------------------------------------------------------

const narrow = window.matchMedia("(max-width: 767.98px)");
const nav = document.getElementById("nav");
const toggle = document.getElementById("nav-toggle");

function foldNavigation() {
  if (!nav) return;
  const open = narrow.matches ? nav.classList.toggle("nav-shown") : page.dataset.nav === "folded";
  if (narrow.matches) {
    if (open) nav.querySelector("summary, a")?.focus();
  } else {
    page.dataset.nav = open ? "open" : "folded";
    document.cookie = `nav=${page.dataset.nav}; path=/; max-age=31536000; samesite=lax`;
  }
  toggle.setAttribute("aria-expanded", String(open));
}

function hideNavigation() {
  if (!nav?.classList.contains("nav-shown")) return;
  const inside = nav.contains(document.activeElement);
  nav.classList.remove("nav-shown");
  toggle.setAttribute("aria-expanded", "false");
  if (inside) toggle.focus();
}

if (narrow.matches) toggle?.setAttribute("aria-expanded", "false");
toggle?.addEventListener("click", foldNavigation);
document.addEventListener("keydown", (event) => event.key === "Escape" && hideNavigation());
document.addEventListener("pointerdown", (event) => !event.target.closest?.("#nav, #nav-toggle") && hideNavigation());

// Coming back to a list finds the query as it was left in this tab.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-list]");
  if (!link) return;
  const query = sessionStorage.getItem(`list:${link.pathname}`);
  if (query && location.pathname !== link.pathname) link.search = query;
});

// ---- Requests --------------------------------------------------------------------------------------

const busy = (event, value) => event.detail.target?.setAttribute?.("aria-busy", value);
document.addEventListener("htmx:beforeRequest", (event) => busy(event, "true"));
document.addEventListener("htmx:afterRequest", (event) => busy(event, "false"));

// A swapped-in part may name where the focus goes, such as its summary of errors.
const focusMarked = (root) => root.querySelector?.("[data-focus]")?.focus();
document.addEventListener("htmx:afterSettle", (event) => focusMarked(event.target));
focusMarked(document);
