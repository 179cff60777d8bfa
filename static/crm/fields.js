// Fields that are more than an input: dates, and records that are searched for.

// ---- Dates -----------------------------------------------------------------------------------------

const DAY = 86_400_000; // milliseconds
const pad = (number) => String(number).padStart(2, "0");
const iso = (day) => `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`;

// What somebody typed as YYYY-MM-DD: 11-22, 20261122, 今天, today, +7 (days from now).
function readDay(text) {
  const now = new Date();
  const words = { 今天: 0, today: 0, 明天: 1, tomorrow: 1, 昨天: -1, yesterday: -1, 后天: 2 };
  const offset = words[text.toLowerCase()] ?? (/^[+-]\d{1,4}$/.test(text) ? Number(text) : undefined);
  if (offset !== undefined) return iso(new Date(now.getTime() + offset * DAY));
  const parts = text.match(/^(?:(\d{4})[-/.年]?)?(\d{1,2})[-/.月]?(\d{1,2})日?$/);
  if (!parts) return text;
  return `${parts[1] ?? now.getFullYear()}-${pad(parts[2])}-${pad(parts[3])}`;
}

/* <c-date><input type="text"> <button>…</button> <input type="date" tabindex="-1"></c-date>
   The text is the value; the native picker only helps to fill it in, as its language is the browser's. */
class DateField extends HTMLElement {
  connectedCallback() {
    const [text, picker] = this.querySelectorAll("input");
    this.querySelector("button").addEventListener("click", () => {
      picker.value = text.value.replace(" ", "T");
      picker.showPicker();
    });
    picker.addEventListener("change", (event) => {
      event.stopPropagation();
      text.value = picker.value.replace("T", " ");
      text.dispatchEvent(new Event("change", { bubbles: true }));
    });
    text.addEventListener("change", () => {
      const [day, ...time] = text.value.trim().split(/\s+/);
      if (day) text.value = [readDay(day), ...time].join(" ");
    }, true);
  }
}

customElements.define("c-date", DateField);

// ---- Records ---------------------------------------------------------------------------------------
// A select that names the address of its choices becomes a search box; the library loads with the first one.

let library;

function loadLibrary(address) {
  library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    document.head.append(script);
  });
  return library;
}

async function enhance(select) {
  const { options, library: address } = select.dataset;
  select.removeAttribute("data-options");
  await loadLibrary(address);
  const box = new window.TomSelect(select, {
    valueField: "id",
    labelField: "text",
    searchField: [],
    sortField: "$order",
    maxOptions: null,
    preload: "focus",
    plugins: ["clear_button"],
    load: (words, show) => fetch(`${options}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } })
      .then((response) => response.json())
      .then((answer) => {
        box.clearOptions();
        show(answer.results);
      })
      .catch(() => show()),
    render: {
      option: (data, escape) => `<div>${escape(data.text)}${data.hint ? `<small>${escape(data.hint)}</small>` : ""}</div>`,
      no_results: () => `<div class="no-results">${select.dataset.none}</div>`,
    },
  });
  box.control_input.setAttribute("aria-label", select.labels[0]?.textContent.trim() ?? "");
}

const enhanceAll = (root) => root.querySelectorAll?.("select[data-options]").forEach(enhance);
enhanceAll(document);
document.addEventListener("htmx:afterSettle", (event) => enhanceAll(event.target));
