// The live part of a job's page: asked for every two seconds, every fifteen while nobody looks.
const SHOWN = 2000, HIDDEN = 15000;
const announce = document.getElementById("announce");
const open = {};
let timer, said = "", stuck = true;

const live = () => document.getElementById("live");

function plan() {
  clearTimeout(timer);
  if (live()?.hasAttribute("hx-get")) timer = setTimeout(poll, document.hidden ? HIDDEN : SHOWN);
}

function poll() {
  htmx.trigger(live(), "poll");
  plan();
}

function say() {
  const parts = [...live()?.querySelectorAll("[data-headline]") || []];
  const text = parts.map((part) => part.textContent.trim().replace(/\s+/g, " ")).join(". ");
  if (text && text !== said) announce.textContent = said = text;
  const progress = live()?.querySelector("progress");
  const share = progress ? `${Math.round(100 * progress.value)} % · ` : "";
  document.title = share + document.title.replace(/^\d+ % · /, "");
}

function toEnd() {
  const log = document.getElementById("log");
  if (log && stuck) log.scrollTop = log.scrollHeight;
}

// What the reader opened, and where the log stood, survives the exchange.
document.addEventListener("htmx:beforeSwap", () => {
  for (const details of live().querySelectorAll("details[id]")) open[details.id] = details.open;
  const log = document.getElementById("log");
  stuck = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  open.top = log?.scrollTop;
});
document.addEventListener("htmx:afterSwap", () => {
  for (const details of live().querySelectorAll("details[id]")) {
    if (details.id in open) details.open = open[details.id];
  }
  const log = document.getElementById("log");
  if (log && !stuck) log.scrollTop = open.top;
  toEnd();
  say();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });

say();
toEnd();
plan();
