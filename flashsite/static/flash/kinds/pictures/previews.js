// Shows the pictures that are chosen for a prediction, and each one again beside its answer.
import {onAnswers} from "../../predict.js";

const MOST = 24;
const form = document.querySelector("[data-predict]");
const input = form.querySelector("input[type=file]");
const preview = form.querySelector("[data-preview]");
let addresses = new Map();

function shown(file) {
  const item = document.createElement("li");
  const image = document.createElement("img");
  image.src = addresses.get(file);
  image.alt = file.name;
  image.addEventListener("error", () => {
    const none = document.createElement("span");
    none.className = "none";
    none.textContent = "no preview";
    image.replaceWith(none);
  });
  item.append(image);
  return item;
}

input.classList.add("named");
input.addEventListener("change", () => {
  for (const address of addresses.values()) URL.revokeObjectURL(address);
  addresses = new Map([...input.files].map((file) => [file, URL.createObjectURL(file)]));
  preview.replaceChildren(...[...input.files].slice(0, MOST).map(shown));
});

onAnswers((answers, files) => {
  for (const image of answers.querySelectorAll("[data-picture]")) {
    const file = files[image.dataset.picture];
    image.addEventListener("error", () => { image.hidden = true; });
    if (!addresses.has(file)) continue;
    image.src = addresses.get(file);
    image.alt = file.name;
    image.hidden = false;
  }
});
