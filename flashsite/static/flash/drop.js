// Files dropped anywhere on the page, for the box that shows that it takes them.
import {size} from "./format.js";

// `take(event)` gets each drop.
export function onDrop(box, take) {
  let depth = 0;
  const over = (on) => box.classList.toggle("over", on);
  addEventListener("dragenter", () => { depth++; over(true); });
  addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; over(false); } });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    take(event);
  });
}

// As if these files had been chosen in `input`; one that takes a single file gets the first.
export function choose(input, files) {
  const chosen = new DataTransfer();
  for (const file of [...files].slice(0, input.multiple ? undefined : 1)) chosen.items.add(file);
  input.files = chosen.files;
  input.dispatchEvent(new Event("change"));
}

// Names in `hint` the file that is chosen in `input`.
export function showChosen(input, hint) {
  const before = hint.textContent;
  const show = () => {
    const file = input.files[0];
    hint.textContent = file ? `${file.name}, ${size(file.size)}` : before;
  };
  input.classList.add("named");
  input.addEventListener("change", show);
  show();
}
