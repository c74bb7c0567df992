// Shows in the blank fields what the chosen preset fills in, and folds away what is switched off.
const form = document.querySelector("[data-train-form]");
const fillings = JSON.parse(document.getElementById("fillings").textContent);
const KEPT = ["learning_rate", "batch_size", "epochs", "early_stopping"];

// What the choices fill in. A kind whose models all take the same names none of them.
function chosen() {
  const preset = form.elements.preset.value || "quick";
  const start = form.elements.start_from?.value || "";
  return fillings[`${preset}|${form.elements.model.value}|${start}`] || fillings[`${preset}||${start}`];
}

function fill() {
  const filling = chosen();
  if (!filling) return;
  for (const name of KEPT) form.elements[name].placeholder = String(filling[name]);
  form.elements.model.options[0].textContent = `Preset: ${filling.model}`;
  const optimizer = [...form.elements.optimizer.options].find((option) => option.value === filling.optimizer);
  form.elements.optimizer.options[0].textContent = `Preset: ${optimizer?.textContent || filling.optimizer}`;
}

function fold() {
  for (const part of form.querySelectorAll("[data-needs]")) {
    part.hidden = !document.getElementById(part.dataset.needs).checked;
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
