// The page of one record: it loads again when something about it was saved; files can be dropped on it.

document.addEventListener("saved", async ({ detail }) => {
  if (!document.getElementById("record")) return;
  const open = [...document.querySelectorAll("#record details")].map((details) => details.open);
  await window.htmx.ajax("GET", location.pathname + location.search, { target: "#record", select: "#record", swap: "outerHTML" });
  document.querySelectorAll("#record details").forEach((details, number) => (details.open = open[number] ?? details.open));
  document.querySelector(`#record tr[data-pk="${detail.pk}"]`)?.classList.add("just-saved");
});

/* <c-upload><form>…<input type="file" name="files">…<progress></form></c-upload> */
class Upload extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    const [input] = form.elements.files.length === undefined ? [form.elements.files] : form.elements.files;
    const bar = form.querySelector("progress");
    // Before htmx hears of it: what the server would refuse for its size is not sent at all.
    this.addEventListener("change", (event) => this.check(event, form), true);
    for (const type of ["dragenter", "dragover"]) this.addEventListener(type, (event) => this.hover(event, true));
    for (const type of ["dragleave", "drop"]) this.addEventListener(type, (event) => this.hover(event, false));
    this.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    this.addEventListener("htmx:xhr:progress", ({ detail }) => {
      bar.hidden = !detail.lengthComputable;
      if (detail.lengthComputable) bar.value = (100 * detail.loaded) / detail.total;
    });
    this.addEventListener("htmx:afterRequest", () => {
      bar.hidden = true;
      form.reset();
    });
  }

  check(event, form) {
    const large = [...event.target.files].some((file) => file.size > Number(form.dataset.most));
    if (!large) return;
    event.stopPropagation();
    form.reset();
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: form.dataset.tooLarge, kind: "danger" } }));
  }

  hover(event, over) {
    event.preventDefault();
    this.classList.toggle("drop-here", over);
  }
}

customElements.define("c-upload", Upload);
