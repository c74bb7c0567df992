// Pictures class by class: add, rename, remove; drop pictures on a class, or a folder of folders anywhere.
import {size} from "../../format.js";
import {refuse} from "../../problem.js";
import * as progress from "../../progress.js";
import {isLeaving} from "../../sending.js";
import {emptyForm, isAccepting, offerDropsTo, upload} from "../../upload.js";
import {takePictures} from "./camera_dialog.js";
import {ClassCard} from "./class_card.js";
import {classOf, counted, dropped, isPicture} from "./files.js";
import {zip} from "./zip.js";

const root = document.querySelector("[data-builder]");
const list = root.querySelector("[data-classes]");
const sum = root.querySelector("[data-sum]");
const folder = document.querySelector("[data-folder]");
const cards = [];
// The class that a pasted picture belongs to: the one last touched.
let current = null, pasted = 0;
// What the zip is called, and with it the task: the folder that holds those of the classes.
let title = "pictures";

// On a phone it stands below what was just used.
const show = () => root.scrollIntoView({block: "nearest"});

function addClass() {
  const card = new ClassCard({
    change: total,
    remove: removeClass,
    camera: (one) => takePictures(one.name || "a class without a name", (file) => one.add([file])),
  });
  for (const touch of ["focusin", "pointerdown"]) card.element.addEventListener(touch, () => { current = card; });
  cards.push(card);
  list.append(card.element);
  total();
  return card;
}

function removeClass(card) {
  const at = cards.indexOf(card);
  cards.splice(at, 1);
  card.element.remove();
  total();
  (cards[Math.min(at, cards.length - 1)]?.field || root.querySelector("[data-add]")).focus();
}

function total() {
  for (const card of cards) card.count();
  const files = cards.reduce((count, card) => count + card.files.length, 0);
  const bytes = cards.reduce((count, card) => count + card.bytes, 0);
  const used = cards.filter((card) => card.isUsed).length;
  sum.textContent = files ? `${used} ${used === 1 ? "class" : "classes"}, ${counted(files)}, ${size(bytes)}` : "No pictures yet";
}

const emptyClass = () => cards.find((card) => !card.files.length) || addClass();

function classNamed(name) {
  const known = cards.find((card) => card.name === name);
  if (known) return known;
  const card = cards.find((one) => !one.isUsed) || addClass();
  card.name = name;
  return card;
}

// `entries`: [{path, file}]. Answers the pictures that lie in no folder.
function addTree(entries) {
  const loose = [], found = new Map();
  for (const entry of entries) {
    const name = classOf(entry);
    if (name === null) continue;
    if (!name) loose.push(entry.file);
    else found.set(name, [...found.get(name) || [], entry.file]);
  }
  const tops = new Set(entries.map(({path}) => path.split("/")[0]));
  if (tops.size === 1 && found.size > 1) [title] = tops;
  for (const [name, files] of found) classNamed(name).add(files);
  return loose;
}

// Takes folders and pictures; a zip is left to the other pane.
function takeDrop(event) {
  const {files, hasFolders, all} = dropped(event);
  if (!hasFolders && !files.some(isPicture)) return false;
  const target = cards.find((card) => card.element.contains(event.target));
  show();
  if (target && !hasFolders) {
    target.add(files);
    return true;
  }
  all().then((entries) => {
    const loose = addTree(entries);
    if (loose.length) (target || emptyClass()).add(loose);
  });
  return true;
}

// Pictures from the clipboard; text pasted into the name of a class stays text.
function takePaste(event) {
  const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
  if (!files.length) return;
  event.preventDefault();
  show();
  const target = cards.includes(current) ? current : emptyClass();
  // The clipboard calls every picture "image.png".
  const named = (file) => new File([file], file.name.replace(/^image\./, `pasted-${++pasted}.`), {type: file.type, lastModified: file.lastModified});
  target.add(files.map(named));
  sum.textContent += `; pasted into ${target.name || "a class without a name"}`;
}

function whatIsWrong({name, files}, names) {
  if (!name) return "Give this class a name.";
  if (/[\/\\]/.test(name) || name.startsWith(".")) return "A name may not hold a slash or begin with a dot.";
  if (names.has(name.toLowerCase())) return `There is a class “${names.get(name.toLowerCase())}” already.`;
  return files.length < 2 ? "At least two pictures are needed; twenty are better." : "";
}

// The classes to send, or nothing when one of them says what it needs.
function checked() {
  const names = new Map();
  const used = cards.filter((card) => card.isUsed);
  let wrong = null;
  for (const card of used) {
    const text = whatIsWrong(card, names);
    card.fail(text);
    if (text) wrong ||= card;
    names.set(card.name.toLowerCase(), card.name);
  }
  if (wrong) wrong.field.focus();
  else if (used.length < 2) refuse("At least two classes are needed", "Add another class, with pictures of what it is not.");
  else return used;
  return null;
}

const inZip = (card) => card.files.map((file, at) => (
  {path: `${card.name}/${String(at + 1).padStart(5, "0")}-${file.name.replace(/[\\/]/g, "-")}`, file}
));

async function send() {
  const used = checked();
  // Asked before the pictures are packed, too: it takes a while.
  if (!used || !await isAccepting()) return;
  const abort = new AbortController();
  progress.begin("Packing the pictures", () => abort.abort());
  try {
    const blob = await zip(used.flatMap(inZip), {onProgress: progress.show, signal: abort.signal});
    const data = emptyForm();
    data.set("dataset", blob, `${title}.zip`);
    upload(data, blob.size);
  } catch (error) {
    progress.end();
    if (error.name === "AbortError") return;
    if (error instanceof RangeError) refuse("Too much at once", error.message);
    else refuse("A picture could not be read", "It may have been moved or changed since it was chosen. Remove it and try again.");
  }
}

offerDropsTo(takeDrop);
addEventListener("paste", takePaste);
// Leaving by accident asks first, once there is something to lose.
addEventListener("beforeunload", (event) => {
  if (!isLeaving() && cards.some((card) => card.files.length)) event.preventDefault();
});
root.querySelector("[data-add]").addEventListener("click", () => addClass().field.focus());
root.querySelector("[data-send]").addEventListener("click", send);
folder.hidden = false;
folder.querySelector("input").addEventListener("change", (event) => {
  const files = [...event.target.files].map((file) => ({path: file.webkitRelativePath || file.name, file}));
  event.target.value = "";
  show();
  addTree(files);
});
root.hidden = false;
addClass();
addClass();
