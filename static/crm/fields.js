// Fields that are more than an input: dates, and records that are searched for.

// ---- Dates -----------------------------------------------------------------------------------------
// `<input data-date="day" data-pick="Choose a day">` is text, which the server reads in many forms. The button
// opens the browser's calendar only to fill it in: as a field of its own it would follow the browser's language.

function addPicker(text) {
  const frame = document.createElement("c-date");
  const button = document.createElement("button");
  const picker = document.createElement("input");
  Object.assign(button, { type: "button", className: "btn btn-icon", title: text.dataset.pick });
  button.setAttribute("aria-label", text.dataset.pick);
  button.append(document.querySelector("#calendar-icon").content.cloneNode(true));
  Object.assign(picker, { type: text.dataset.date === "day" ? "date" : "datetime-local", tabIndex: -1 });
  picker.setAttribute("aria-hidden", "true");
  text.replaceWith(frame);
  frame.append(text, button, picker);
  button.addEventListener("click", () => {
    picker.value = text.value.replace(" ", "T");
    picker.showPicker();
  });
  picker.addEventListener("change", (event) => {
    event.stopPropagation();
    text.value = picker.value.replace("T", " ");
    text.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// ---- Records ---------------------------------------------------------------------------------------
// A select that names the address of its choices becomes a search box; the library loads with the first one.

let library;

function loadLibrary() {
  const { content, dataset } = document.querySelector("meta[name=tom-select]");
  library ??= new Promise((done, failed) => {
    const styles = Object.assign(document.createElement("link"), { rel: "stylesheet", href: dataset.styles });
    const script = Object.assign(document.createElement("script"), { src: content, onload: done, onerror: failed });
    document.head.append(styles, script);
  });
  return library;
}

async function addSearch(select) {
  const address = new URL(select.dataset.options, location);
  const { none, clear } = document.querySelector("meta[name=tom-select]").dataset;
  select.removeAttribute("data-options");
  let typed = ""; // while the library loads
  select.addEventListener("keydown", (event) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    typed += event.key;
  });
  await loadLibrary();
  let latest;
  const focused = document.activeElement === select;
  const label = select.labels[0]?.textContent.trim() ?? "";
  const box = new window.TomSelect(select, {
    valueField: "id",
    labelField: "text",
    searchField: [],
    sortField: "$order",
    maxOptions: null,
    preload: "focus",
    plugins: { clear_button: { title: clear } },
    // In a grid Tab takes what is found, and the choices must not be cut off where the grid scrolls.
    selectOnTab: Boolean(select.closest("c-lines")),
    dropdownParent: select.closest("c-lines") ? "body" : null,
    load: (words, show) => {
      latest = words;
      address.searchParams.set("q", words);
      const within = select.dataset.within && select.form.elements[select.dataset.within];
      if (within) address.searchParams.set(select.dataset.within, within.value);
      fetch(address, { headers: { Accept: "application/json" } })
        .then((response) => response.json())
        .then(({ results }) => {
          if (words !== latest) return show();
          for (const key of Object.keys(box.options)) if (!box.items.includes(key)) box.removeOption(key, true);
          show(results);
        })
        .catch(() => show());
    },
    render: {
      option: (data, escape) => `<div>${escape(data.text)}${data.hint ? `<small>${escape(data.hint)}</small>` : ""}</div>`,
      no_results: () => `<div class="no-results">${none}</div>`,
    },
  });
  box.control_input.setAttribute("aria-label", label);
  select.setAttribute("aria-hidden", "true"); // the search box stands for it
  if (focused) box.focus();
  if (focused && typed) {
    box.setTextboxValue(typed);
    box.load(typed);
  }
}

// ---- All of them, on the page and in what is swapped in ----------------------------------------------

function improve(root) {
  root.querySelectorAll?.("input[data-date]").forEach((text) => text.parentElement.localName === "c-date" || addPicker(text));
}

improve(document);
document.addEventListener("htmx:afterSettle", (event) => improve(event.target));
// A search box takes the place of its select when somebody gets to it, by key or by pointer.
const waits = (event) => event.target.matches?.("select[data-options]");
document.addEventListener("focusin", (event) => waits(event) && addSearch(event.target));
document.addEventListener("mousedown", (event) => {
  if (!waits(event)) return;
  event.preventDefault();
  event.target.focus();
});
