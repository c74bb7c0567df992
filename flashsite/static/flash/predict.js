// Predicts in place. The form works without it.
import {choose, onDrop} from "./drop.js";

const form = document.querySelector("[data-predict]");
const answers = document.querySelector("[data-answers]");
const busy = form.querySelector("[data-busy]");
const button = form.querySelector("button:not([type=button])");
const input = form.querySelector("input[type=file]");
const text = form.querySelector("textarea");
const finishers = [];

// `finish(answers, files)`: what a kind adds to the element with the answers about these files.
export function onAnswers(finish) { finishers.push(finish); }

async function predict() {
  const files = input ? [...input.files] : [];
  button.disabled = true;
  busy.hidden = false;
  try {
    const answer = await fetch(form.getAttribute("action").split("#")[0], {method: "POST", body: new FormData(form), headers: {"X-Part": "predictions"}});
    const page = await answer.text();
    if (page.trimStart().startsWith("<!doctype")) {
      document.location.reload();
      return;
    }
    answers.innerHTML = page;
    for (const finish of finishers) finish(answers, files);
  } catch {
    answers.innerHTML = '<p class="errors" role="alert">The connection was lost. Try again.</p>';
  } finally {
    button.disabled = false;
    busy.hidden = true;
  }
}

function takeFiles() {
  input.addEventListener("change", () => { if (input.files.length) predict(); });
  const take = (files) => { if (files.length) choose(input, files); };
  onDrop(form.querySelector("[data-drop]"), (event) => take(event.dataTransfer.files));
  addEventListener("paste", (event) => take(event.clipboardData.files));
}

form.addEventListener("submit", (event) => {
  // The file of results is downloaded, as without this script.
  if (event.submitter?.hasAttribute("data-as-file")) return;
  event.preventDefault();
  predict();
});
text?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  predict();
});
// Inputs to try at a click.
for (const list of form.querySelectorAll("[data-fills]")) list.hidden = false;
form.addEventListener("click", (event) => {
  if (!event.target.matches("[data-fill]")) return;
  text.value = event.target.textContent;
  predict();
});
if (input) takeFiles();
