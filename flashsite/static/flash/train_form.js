// Shows in the blank fields what the chosen preset fills in, and folds away what is switched off.
const form = document.querySelector("[data-train-form]");
const fillings = JSON.parse(document.getElementById("fillings").textContent);
const KEPT = ["learning_rate", "batch_size", "epochs", "early_stopping"];

  const form = document.querySelector("[data-train-form]");
  if (!form) return;
  const fillings = JSON.parse(document.getElementById("fillings").textContent);
  const pictures = Boolean(form.elements.start_from);

  function fill() {
    const preset = form.elements.preset.value || "quick";
    const model = pictures ? "" : form.elements.model.value;
    const start = pictures ? form.elements.start_from.value : "";
    const filling = fillings[`${preset}|${model}|${start}`];
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
}

form.addEventListener("change", () => { fill(); fold(); });
form.addEventListener("submit", (event) => {
  // A second click on the way is not a second job; the server would know it by its key as well.
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => { delete form.dataset.sent; });
fill();
fold();
(form.querySelector("[aria-invalid=true]") || document.createElement("i")).focus();
