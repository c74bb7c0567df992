// Shows in the blank fields what the chosen preset fills in, lets one go back to it field by field, and folds away what
// is switched off or not asked for.
const form = document.querySelector("[data-train-form]");
const fillings = JSON.parse(document.getElementById("fillings").textContent);

const named = new Set(Object.values(fillings).flatMap(Object.keys));

// What the choices fill in. A kind whose models all take the same names none of them.
function chosen() {
  const preset = form.elements.preset.value || "quick";
  const start = form.elements.start_from?.value || "";
  return fillings[`${preset}|${form.elements.model.value}|${start}`] || fillings[`${preset}||${start}`];
}

function fill() {
  const filling = chosen();
  if (!filling) return;
  for (const name of named) {
    const field = form.elements[name];
    if (!field) continue;
    // What the preset finds itself is not asked for, and what is not shown is not sent, either.
    field.disabled = filling[name] === null;
    field.closest(".field, .tick").hidden = field.disabled;
  }
  for (const [name, value] of Object.entries(filling)) {
    const field = form.elements[name];
    if (!field) continue;
    if (value === null || field.type === "checkbox") continue;
    if (!field.options) {
      field.placeholder = `Preset: ${value}`;
      continue;
    }
    const option = [...field.options].find((each) => each.value && each.value === String(value));
    field.options[0].textContent = `Preset: ${option?.textContent || value}`;
  }
}

// The fields of Advanced that a preset fills in, each with the button that empties it again.
const resets = new Map();
for (const field of form.querySelectorAll("[data-advanced] .field > :is(input, select)")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link small";
  button.innerHTML = 'Reset<span class="quiet-label"></span>';
  button.lastChild.textContent = ` ${field.labels[0].textContent}`;
  button.addEventListener("click", () => {
    field.value = "";
    field.dispatchEvent(new Event("change", {bubbles: true}));
    field.focus();
  });
  field.labels[0].after(" ", button);
  resets.set(field, button);
}

function count() {
  let changed = 0;
  for (const [field, button] of resets) {
    button.hidden = !field.value || field.disabled;
    if (!button.hidden) changed++;
  }
  for (const tick of form.querySelectorAll("[data-advanced] .tick input")) if (tick.checked && !tick.disabled) changed++;
  form.querySelector("[data-changed]").textContent = changed ? `${changed} changed` : "";
}

function fold() {
  for (const part of form.querySelectorAll("[data-needs]")) {
    const tick = document.getElementById(part.dataset.needs);
    part.hidden = !tick.checked || tick.disabled;
  }
  for (const field of form.querySelectorAll("[data-only-preset]")) {
    field.disabled = field.dataset.onlyPreset !== form.elements.preset.value;
    field.closest(".field").hidden = field.disabled;
  }
}

// What the chosen preset takes in place of what the page came with; other settings need the button.
function estimate() {
  const figures = [...form.querySelectorAll("[data-estimate]")];
  const shown = figures.find((each) => each.dataset.estimate === form.elements.preset.value);
  if (shown) for (const each of figures) each.hidden = each !== shown;
}

form.addEventListener("change", (event) => {
  fill();
  fold();
  count();
  if (event.target.name === "preset") estimate();
});
form.addEventListener("submit", (event) => {
  // A second click on the way is not a second job; the server would know it by its key as well.
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => { delete form.dataset.sent; });
form.addEventListener("input", count);
fill();
fold();
count();
(form.querySelector("[aria-invalid=true]") || document.createElement("i")).focus();
