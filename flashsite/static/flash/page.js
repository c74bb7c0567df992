// On every page: copying, times that go on, tabs. Everything here has a form that works without it.
import {duration} from "./format.js";
import {setUp} from "./tabs.js";

function write(time, text) {
  if (time.textContent !== text) time.textContent = text;
}

function tick() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const left = (Date.parse(time.dateTime) - now) / 1000;
    write(time, left > 0 ? duration(left) : "a moment: it is over");
  }
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const gone = (now - Date.parse(time.dateTime)) / 1000;
    write(time, gone < 60 ? "just now" : `${duration(gone)} ago`);
  }
}

function localTimes() {
  for (const time of document.querySelectorAll("time[data-local]")) {
    const then = new Date(time.dateTime);
    time.textContent = time.dataset.local === "date"
      ? then.toLocaleString([], {dateStyle: "medium", timeStyle: "short"})
      : then.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    if (!document.execCommand("copy")) return;
  }
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = before; }, 1600);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
for (const list of document.querySelectorAll("[role=tablist]")) setUp(list);
localTimes();
tick();
setInterval(tick, 1000);
