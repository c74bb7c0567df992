// Moments in the visitor's own time zone, in one form; the exact one is told on hover. Without scripts they are in UTC.
import {duration} from "./format.js";

const DAY = {day: "numeric", month: "short", year: "numeric"};
const at = new Intl.DateTimeFormat("en-GB", {...DAY, hour: "2-digit", minute: "2-digit"});
const clock = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit", second: "2-digit"});
const exact = new Intl.DateTimeFormat("en-GB", {...DAY, hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short"});
const FIXED = {at, clock};

function write(time, text) {
  if (time.textContent !== text) time.textContent = text;
}

// What need not be written again: the titles, and those that do not go on.
function settle() {
  for (const time of document.querySelectorAll("time[data-moment]:not([data-settled])")) {
    const then = Date.parse(time.dateTime);
    time.dataset.settled = "";
    time.title = exact.format(then);
    const form = FIXED[time.dataset.moment];
    if (form) write(time, form.format(then));
  }
  for (const element of document.querySelectorAll("[data-until]:not([data-settled])")) {
    element.dataset.settled = "";
    element.title = `Until ${exact.format(Date.parse(element.dataset.until))}`;
  }
  for (const words of document.querySelectorAll("[data-utc]")) words.hidden = true;
}

function tick() {
  settle();
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-moment=left]")) {
    const left = (Date.parse(time.dateTime) - now) / 1000;
    write(time, left > 0 ? duration(left) : "a moment: it is over");
  }
  for (const time of document.querySelectorAll("time[data-moment=ago]")) {
    const gone = (now - Date.parse(time.dateTime)) / 1000;
    write(time, gone < 60 ? "just now" : `${duration(gone)} ago`);
  }
}

tick();
setInterval(tick, 1000);
// What has just come takes no second to be right.
document.addEventListener("htmx:afterSwap", tick);
