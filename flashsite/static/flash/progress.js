// How far an upload is (parts/upload_progress.html), and its button to cancel.
import {size, waiting} from "./format.js";
import {clear} from "./problem.js";

const panel = document.getElementById("progress");
const bar = panel.querySelector("progress");
const state = panel.querySelector("[data-state]");
const figures = panel.querySelector("[data-figures]");
const spoken = panel.querySelector("[data-say]");
let stop = null;

// While something is on its way nothing else is sent.
function busy(on) {
  panel.hidden = !on;
  for (const button of panel.parentElement.querySelectorAll("form button, [data-send]")) button.disabled = on;
}

export function begin(text, onCancel) {
  busy(true);
  clear();
  panel.scrollIntoView({block: "nearest"});
  state.textContent = spoken.textContent = text;
  figures.textContent = "";
  bar.value = 0;
  stop = onCancel;
}

export function end() { busy(false); }

export function show(share) { bar.value = share; }

// Draws the progress of `total` bytes: `from(bytes)` when so many are there already, then `reach(bytes)`.
export function meter(total) {
  let told = -1, started = performance.now(), before = 0;
  return {
    from(bytes) {
      before = bytes;
      started = performance.now();
      state.textContent = "Uploading";
    },
    reach(bytes) {
      const share = total ? bytes / total : 1;
      const seconds = (performance.now() - started) / 1000;
      const speed = (bytes - before) / Math.max(seconds, .1);
      bar.value = share;
      const percent = Math.floor(100 * share);
      const left = seconds > 1 && share < 1 && speed > 0 ? `, ${waiting((total - bytes) / speed)} left` : "";
      figures.textContent = `${percent} % of ${size(total)} at ${size(speed)}/s${left}`;
      if (percent >= told + 25) spoken.textContent = `${told = percent} percent uploaded`;
    },
  };
}

export function checking() {
  bar.removeAttribute("value");
  state.textContent = spoken.textContent = "Reading the file";
  figures.textContent = "Uploaded. Large files take a moment to check.";
}

export function trouble(seconds) {
  state.textContent = spoken.textContent = "The connection was lost";
  figures.textContent = `What has arrived is kept. Trying again in ${seconds} s.`;
}

// Back from the next page, perhaps out of the browser's memory: ready for another try.
addEventListener("pageshow", end);
panel.querySelector("[data-cancel]").addEventListener("click", () => stop?.());
