// Fields that a form shows only while another field has one of some values.
// <select name="b" data-shown-when="a" data-shown-for="1 2">: b is shown while a is 1 or 2, and a itself is shown.

function sent(form, name) {
  return [...form.elements].filter((element) => element.name === name).flatMap((element) => {
    if (element.type === "checkbox" && element.value === "on") return [element.checked ? "True" : "False"];
    if (element.type === "checkbox" || element.type === "radio") return element.checked ? [element.value] : [];
    return element.selectedOptions ? [...element.selectedOptions].map((option) => option.value) : [element.value];
  });
}

function isShown(form, conditions, name, asked = []) {
  const condition = conditions.get(name);
  if (!condition || asked.includes(name)) return true;
  const holds = sent(form, condition.when).some((value) => condition.values.includes(value));
  return holds && isShown(form, conditions, condition.when, [...asked, name]);
}

function apply(form) {
  const held = [...form.querySelectorAll("[data-shown-when]")];
  const conditions = new Map(
    held.map(({ name, dataset }) => [name, { when: dataset.shownWhen, values: dataset.shownFor.split(" ") }]),
  );
  for (const element of held) {
    const place = element.closest(".fields > *");
    if (place) place.hidden = !isShown(form, conditions, element.name);
  }
}

function applyAll(within) {
  const forms = new Set([...within.querySelectorAll("[data-shown-when]")].map((element) => element.form));
  for (const form of forms) if (form) apply(form);
}

document.addEventListener("change", ({ target }) => target.form && apply(target.form));
document.addEventListener("htmx:load", ({ target }) => applyAll(target));
applyAll(document);
