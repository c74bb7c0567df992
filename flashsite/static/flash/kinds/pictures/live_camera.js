// Classifies what the camera sees: one request at a time, as often as the server answers well, slower when it says so.
import {clear, say as refuse} from "../../problem.js";
import * as cameras from "./cameras.js";

const area = document.querySelector("[data-camera]");
const part = (name) => area.querySelector(`[data-${name}]`);
const video = area.querySelector("video");
const toggle = part("toggle"), device = part("cameras"), chooser = part("chooser");
const bars = part("bars"), label = part("label"), figures = part("figures"), state = part("state"), say = part("say");
const canvas = document.createElement("canvas");

// Ten a second at most; half of the time the server is free for others. After a refusal the pauses double, and
// shrink again with every answer.
const SIDE = 320, SIZE = {width: {ideal: 640}, height: {ideal: 480}}, FASTEST = 100, SLOWEST = 30000, SHOWN = 5, SPOKEN = 2500;
let stream = null, running = false, round = 0, timer = 0, slow = 0, wait = 0;
let latency = 0, rate = 0, last = 0, said = "", saidAt = 0;

const WORDS = {
  NotAllowedError: ["The camera is not allowed", "Allow it for this page (the camera icon beside the address), then start again."],
  NotFoundError: ["There is no camera", "None was found on this device. Connect one and start again, or upload pictures on the model's page."],
  NotReadableError: ["The camera is busy", "Another program is using it. Close that, then start again."],
};

async function open(id) {
  const opened = await cameras.open(SIZE, id);
  cameras.close(stream);
  stream = opened;
  stream.getVideoTracks()[0].addEventListener("ended", () => { pause(); close(); refuse(...WORDS.NotFoundError); });
  // Seen by oneself one expects a mirror; what is sent is not mirrored.
  video.classList.toggle("mirror", cameras.settings(stream).facingMode !== "environment");
  video.srcObject = stream;
  await video.play();
  await cameras.list(stream, device, chooser);
}

function close() { cameras.close(stream); stream = null; video.srcObject = null; toggle.textContent = "Start the camera"; }

async function start(id) {
  clear();
  toggle.disabled = true;
  try {
    if (!stream || id) await open(id);
    await video.play();
    running = true;
    rate = last = 0;
    show();
    plan(0);
  } catch (error) {
    pause();
    close();
    refuse(...(WORDS[error.name] || ["The camera does not start", "Try another camera or browser, or upload pictures on the model's page."]));
  } finally {
    toggle.disabled = false;
  }
}

function pause() {
  running = false;
  round++;
  clearTimeout(timer);
  video.pause();
  show();
}

function show() {
  toggle.textContent = running ? "Pause" : stream ? "Resume" : "Start the camera";
  state.textContent = running ? "" : "Paused";
  state.hidden = running || !stream;
}

function plan(delay) {
  clearTimeout(timer);
  timer = setTimeout(look, delay);
}

// The middle square, as the model crops it.
function picture() {
  const side = Math.min(video.videoWidth, video.videoHeight);
  const size = Math.min(side, SIDE);
  canvas.width = canvas.height = size;
  canvas.getContext("2d").drawImage(
    video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, size, size);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", .85));
}

async function look() {
  if (!running) return;
  if (!video.videoWidth) { plan(50); return; }
  const mine = round;
  const data = new FormData();
  data.set("image", await picture(), "camera.jpg");
  data.set("top_k", SHOWN);
  if (mine !== round) return;
  const asked = performance.now();
  let answer = null, body = null;
  try {
    answer = await fetch(area.dataset.predict, {method: "POST", body: data, headers: {Accept: "application/json"}});
    body = await answer.json();
  } catch { /* no answer, or none that is one: told below */ }
  // Paused or begun anew meanwhile: this picture is of the past.
  if (mine !== round) return;
  const spent = performance.now() - asked;
  if (answer?.ok && body) take(body.predictions[0], spent);
  else if (!answer || !body || answer.status === 429 || answer.status >= 500) yieldTo(answer, body);
  else { pause(); close(); refuse(body.title, body.detail); }
}

function take(prediction, spent) {
  latency = latency ? .8 * latency + .2 * spent : spent;
  slow *= .8;
  const pace = Math.max(FASTEST, 2 * latency, slow);
  const now = performance.now();
  if (last) rate = rate ? .8 * rate + .2 * 1000 / (now - last) : 1000 / (now - last);
  last = now;
  draw(prediction);
  figures.textContent = `${rate ? rate.toFixed(1) : "–"} pictures a second, answered in ${Math.round(latency)} ms`;
  plan(Math.max(0, pace - spent));
}

function yieldTo(answer, body) {
  const asked = 1000 * Number(answer?.headers.get("Retry-After") || body?.retry_after || 0);
  slow = Math.min(SLOWEST, Math.max(500, 2 * slow));
  wait = Math.max(slow, asked);
  last = 0;
  const reason = !answer ? "The server is not responding." : body?.detail || "The server is busy.";
  figures.textContent = `${reason} Continuing in ${Math.ceil(wait / 1000)} s, more slowly.`;
  plan(wait);
}

function row() {
  const item = document.createElement("li");
  item.innerHTML = '<span class="name"></span><svg aria-hidden="true"><rect class="track" width="100%" height="100%"/><rect class="fill" height="100%"/></svg><span class="n small figure"></span>';
  return item;
}

function draw(prediction) {
  while (bars.children.length < prediction.top.length) bars.append(row());
  while (bars.children.length > prediction.top.length) bars.lastChild.remove();
  prediction.top.forEach((entry, at) => {
    const item = bars.children[at];
    item.children[0].textContent = item.children[0].title = entry.label;
    const fill = item.querySelector(".fill");
    fill.setAttribute("width", `${100 * entry.probability}%`);
    fill.classList.toggle("dim", at > 0);
    item.children[2].textContent = `${(100 * entry.probability).toFixed(1)} %`;
  });
  const answer = prediction.labels ? prediction.labels.map((one) => one.label).join(", ") || "none of the labels" : prediction.label;
  label.textContent = answer;
  const now = performance.now();
  if (answer !== said && now - saidAt > SPOKEN) {
    say.textContent = said = answer;
    saidAt = now;
  }
}

function listen() {
  toggle.addEventListener("click", () => (running ? pause() : start()));
  device.addEventListener("change", () => { pause(); start(device.value); });
  let hidden = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && running) { hidden = true; pause(); }
    else if (!document.hidden && hidden) { hidden = false; start(); }
  });
  addEventListener("pagehide", () => { pause(); close(); });
}

if (cameras.areThere()) {
  area.hidden = false;
  listen();
} else {
  refuse("The camera needs a secure address", "Browsers allow the camera only on https:// pages and on localhost. Open this page over https, or upload pictures on the model's page.");
}
