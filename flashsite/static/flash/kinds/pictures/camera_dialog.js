// Pictures for a class from a webcam: a dialog with the live view. Nothing leaves the browser before the upload.
import * as cameras from "./cameras.js";

const dialog = document.querySelector("[data-camera-dialog]");
const part = (name) => dialog.querySelector(`[data-camera-${name}]`);
const video = part("video"), take = part("take"), problem = part("problem"), choice = part("choice");
const device = choice.querySelector("select");
const MOST = 1024, SIZE = {width: {ideal: 1280}}, EVERY = 250;
const WORDS = {
  NotAllowedError: "The browser was not allowed to use the camera. Allow it in the address bar and try again.",
  NotFoundError: "No camera was found. Connect one, or add pictures as files.",
  NotReadableError: "The camera is in use by another program. Close that and try again.",
  OverconstrainedError: "This camera is gone. Choose another one.",
};
let stream = null, number = 0, taken = 0, held = null, keep = null, opener = null;

function say(text) {
  problem.textContent = text;
  problem.hidden = !text;
  video.hidden = Boolean(text);
  take.disabled = true;
}

function stop() {
  clearInterval(held);
  cameras.close(stream);
  stream = video.srcObject = null;
}

async function start(id) {
  stop();
  say("");
  if (!cameras.areThere()) {
    say("This browser allows the camera only over https, or cannot use one. Add pictures as files instead.");
    return;
  }
  try {
    const found = await cameras.open(SIZE, id);
    if (!dialog.open) {
      cameras.close(found);
      return;
    }
    stream = video.srcObject = found;
    take.disabled = false;
    take.focus();
    await cameras.list(stream, device, choice);
  } catch (error) {
    say(WORDS[error.name] || "The camera did not start. Add pictures as files instead.");
  }
}

function shoot() {
  if (!video.videoWidth) return;
  const scale = Math.min(1, MOST / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => {
    if (!blob || !keep) return;
    keep(new File([blob], `camera-${++number}.jpg`, {type: "image/jpeg", lastModified: Date.now()}));
    taken += 1;
    part("count").textContent = taken === 1 ? "1 picture" : `${taken} pictures`;
  }, "image/jpeg", .92);
}

// `give(file)` gets each picture of the class with this name.
export function takePictures(name, give) {
  opener = document.activeElement;
  keep = give;
  taken = 0;
  part("class").textContent = name;
  part("count").textContent = "";
  choice.hidden = true;
  dialog.showModal();
  start();
}

take.addEventListener("click", shoot);
take.addEventListener("pointerdown", () => { clearInterval(held); held = setInterval(shoot, EVERY); });
for (const kind of ["pointerup", "pointerleave", "pointercancel"]) take.addEventListener(kind, () => clearInterval(held));
device.addEventListener("change", () => start(device.value));
part("done").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => { stop(); opener?.focus(); });
