// Shows in the blank fields what the chosen preset fills in, and folds away what is switched off.
const form = document.querySelector("[data-train-form]");
const fillings = JSON.parse(document.getElementById("fillings").textContent);

// What the choices fill in. A kind whose models all take the same names none of them.
function chosen() {
  const preset = form.elements.preset.value || "quick";
  const start = form.elements.start_from?.value || "";
  return fillings[`${preset}|${form.elements.model.value}|${start}`] || fillings[`${preset}||${start}`];
}

function fill() {
  const filling = chosen();
  if (!filling) return;
  for (const [name, value] of Object.entries(filling)) {
    const field = form.elements[name];
    if (!field?.options) {
      if (field) field.placeholder = String(value);
      continue;
    }
    const option = [...field.options].find((each) => each.value && each.value === String(value));
    field.options[0].textContent = `Preset: ${option?.textContent || value}`;
  }
}

function fold() {
  for (const part of form.querySelectorAll("[data-needs]")) {
    part.hidden = !document.getElementById(part.dataset.needs).checked;
  }
  for (const field of form.querySelectorAll("[data-only-preset]")) {
    // What is not shown is not sent, either.
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
  if (event.target.name === "preset") estimate();
});
form.addEventListener("submit", (event) => {
  // A second click on the way is not a second job; the server would know it by its key as well.
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => { delete form.dataset.sent; });
fill();
fold();
(form.querySelector("[aria-invalid=true]") || document.createElement("i")).focus();
