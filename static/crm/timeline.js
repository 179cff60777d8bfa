// The timeline: writing comments with mentions, answering them, liking.

/* <c-comment data-people="…"><form>…<textarea>…</form></c-comment>: @ offers people, Ctrl+Enter publishes. */
class CommentBox extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.text = this.querySelector("textarea");
    this.list = document.createElement("ul");
    this.list.className = "people";
    this.list.id = `${this.text.id}-people`;
    this.list.role = "listbox";
    this.list.setAttribute("aria-label", this.dataset.label);
    this.list.hidden = true;
    this.form.append(this.list);
    this.text.setAttribute("aria-controls", this.list.id);
    this.text.setAttribute("aria-autocomplete", "list");
    this.text.addEventListener("input", () => this.look());
    this.text.addEventListener("keydown", (event) => this.press(event));
    this.text.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.pick(event.target.closest("[role=option]"));
    });
    this.form.addEventListener("htmx:afterRequest", (event) => {
      if (event.target !== this.form || !event.detail.successful) return;
      this.form.reset();
      this.form.querySelectorAll("[name=mention]").forEach((input) => input.remove());
      const reply = this.closest("details.reply");
      if (reply) reply.open = false;
    });
  }

  // The letters between the nearest @ and the caret; null where nobody is being mentioned.
  get wanted() {
    return this.text.value.slice(0, this.text.selectionStart).match(/[@＠]([^\s@＠]{0,20})$/)?.[1] ?? null;
  }

  async look() {
    const words = this.wanted;
    if (words === null) return this.close();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(words), 120);
  }

  async load(words) {
    const answer = await fetch(`${this.dataset.people}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || this.wanted !== words) return;
    const { results } = await answer.json();
    this.list.replaceChildren(...results.map((person, number) => this.option(person, number)));
    if (!results.length) this.list.append(Object.assign(document.createElement("li"), { className: "hint", textContent: this.dataset.none }));
    this.list.hidden = false;
    this.mark(this.options[0]);
  }

  option(person, number) {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `${this.list.id}-${number}`;
    item.dataset.pk = person.id;
    item.dataset.name = person.name;
    const place = Object.assign(document.createElement("span"), { className: "hint", textContent: person.department });
    item.append(person.name, " ", place);
    return item;
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  get marked() {
    return this.list.querySelector("[aria-selected=true]");
  }

  mark(option) {
    this.marked?.removeAttribute("aria-selected");
    option?.setAttribute("aria-selected", "true");
    this.text.setAttribute("aria-activedescendant", option?.id ?? "");
  }

  pick(option) {
    if (!option) return;
    const caret = this.text.selectionStart;
    const from = caret - this.wanted.length;
    this.text.setRangeText(`${option.dataset.name} `, from, caret, "end");
    const chosen = Object.assign(document.createElement("input"), { type: "hidden", name: "mention", value: option.dataset.pk });
    this.form.append(chosen);
    this.close();
    this.text.focus();
  }

  close() {
    this.list.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
  }

  press(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.form.requestSubmit();
      return;
    }
    const { options, marked } = this;
    if (this.list.hidden || !options.length) return;
    const at = options.indexOf(marked);
    const step = { ArrowDown: at + 1, ArrowUp: at - 1 + options.length }[event.key];
    if (step !== undefined) this.mark(options[step % options.length]);
    else if (event.key === "Enter" || event.key === "Tab") this.pick(marked);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.define("c-comment", CommentBox);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-reply]");
  const reply = button?.closest(".timeline-body").querySelector("details.reply");
  if (!reply) return;
  reply.open = true;
  reply.querySelector("textarea").focus();
});

// A like shows at once; what the server says takes its place, and if it says no, all is as before.
const turn = (form) => {
  const button = form.querySelector("button");
  const count = form.querySelector("[data-count]");
  const liked = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(liked));
  count.textContent = Number(count.textContent) + (liked ? 1 : -1) || "";
};
document.addEventListener("htmx:beforeRequest", (event) => event.target.matches("form.like") && turn(event.target));
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => event.target.matches?.("form.like") && turn(event.target));
}
