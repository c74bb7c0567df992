// Uploads with progress, speed, time left and cancel. The forms work without it.
import {choose, onDrop, showChosen} from "./drop.js";
import {size} from "./format.js";
import {sendInPieces} from "./pieces.js";
import {clear, refuse} from "./problem.js";
import * as progress from "./progress.js";
import {leaveFor, post} from "./sending.js";
import {reveal} from "./tabs.js";

const area = document.querySelector("[data-upload]");
const box = area.querySelector("[data-drop]");
const input = box.querySelector("input[type=file]");
// data-max, -pieces, -status, -uploads and others: what the server takes, and where. Read when needed.
const said = area.dataset;
let takesFirst = () => false;

const pageOf = (token) => said.dataset.replace("TOKEN", token);

// What was kept has a page, which asks, or lets one choose other columns.
function refused(problem) {
  if (problem.token && said.dataset) leaveFor(pageOf(problem.token));
  else refuse(problem.title, problem.detail, problem.notes || []);
}

// What sendInPieces shows while it sends `bytes`.
function screen(bytes) {
  const drawn = progress.meter(bytes);
  return {
    begin: (onCancel) => progress.begin("Uploading", onCancel),
    show(now, from) {
      if (from !== undefined) drawn.from(from);
      drawn.reach(now);
    },
    checking: progress.checking,
    trouble: progress.trouble,
    done: (token) => leaveFor(pageOf(token)),
    stopped: progress.end,
    refused(problem) {
      progress.end();
      refused(problem);
    },
    broken() {
      progress.end();
      refuse("The connection was lost", "What has arrived is kept for a day. To continue from there, choose the same file and press the button again, even after a reload.");
    },
  };
}

// Asked first: a refusal in the middle of a long upload reaches the browser as a broken connection.
export async function isAccepting() {
  const state = said.status && await fetch(said.status).then((answer) => answer.json()).catch(() => null);
  if (!state || state.accepting) return true;
  refuse("No new jobs at the moment", state.notice || "Try again in a minute.");
  return false;
}

function fits(bytes) {
  if (bytes <= Number(said.max)) return true;
  refuse("The upload is too large", `It has ${size(bytes)}; ${size(Number(said.max))} are allowed. Send fewer or smaller files.`);
  return false;
}

// `data`: FormData. It goes to the next page or shows what is wrong, and loses nothing.
export async function upload(data, bytes) {
  if (!fits(bytes) || !await isAccepting()) {
    progress.end();
    return;
  }
  const file = data.get("dataset");
  if (file && said.uploads && bytes >= Number(said.pieces)) {
    if (await sendInPieces(file, screen(bytes))) return;
  }
  post(data, bytes, refused);
}

export function emptyForm() {
  const data = new FormData();
  data.set("csrfmiddlewaretoken", area.querySelector("[name=csrfmiddlewaretoken]").value);
  return data;
}

// `take(event)` is asked first about each drop, and answers whether it took it.
export function offerDropsTo(take) { takesFirst = take; }

function submit(form) {
  const data = new FormData(form);
  const file = form.querySelector("input[type=file]")?.files[0];
  const text = data.get("pasted");
  if (text === null && !file) refuse("No file yet", "Choose a file first, or drop one on the box.");
  else if (file && !file.size) refuse("The file is empty", `${file.name} has no content. Choose another file, or save this one again.`);
  else if (text !== null && !text.trim()) refuse("No rows yet", "Paste some rows first.");
  else upload(data, file ? file.size : new Blob([text]).size);
}

function takeDrop(event) {
  const files = event.dataTransfer.files;
  if (takesFirst(event) || !files.length) return;
  reveal(box);
  choose(input, files);
  if (files.length > 1) refuse("One file at a time", `${files[0].name} was accepted, the others were not.`);
}

for (const form of area.querySelectorAll("[data-file-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
}
showChosen(input, box.querySelector("[data-hint]"));
input.addEventListener("change", clear);
onDrop(box, takeDrop);
