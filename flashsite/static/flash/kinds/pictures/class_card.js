// One class of the builder: its name, its pictures, what is wrong with it.
import {counted, isHidden, isPicture} from "./files.js";
import {drawWaiting, thumbnail} from "./thumbnails.js";

const SHOWN = 48, MORE = 200, NAMED = 3;
const template = document.querySelector("[data-class-template]");
const same = (file) => `${file.name}/${file.size}/${file.lastModified}`;

export class ClassCard {
  // `on`: {change(), remove(card), camera(card)}.
  constructor(on) {
    this.files = [];
    this.shown = SHOWN;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.field = this.part("name");
    this.on = on;
    this.listen();
  }

  part(what) { return this.element.querySelector(`[data-${what}]`); }

  get name() { return this.field.value.trim(); }

  set name(name) { this.field.value = name; }

  get isUsed() { return Boolean(this.name || this.files.length); }

  get bytes() { return this.files.reduce((sum, file) => sum + file.size, 0); }

  listen() {
    this.field.addEventListener("input", () => { this.fail(""); this.on.change(); });
    this.part("pick").addEventListener("change", (event) => { this.add([...event.target.files]); event.target.value = ""; });
    this.part("camera").addEventListener("click", () => this.on.camera(this));
    this.part("remove").addEventListener("click", () => this.on.remove(this));
    this.part("more").addEventListener("click", () => { this.shown += MORE; this.draw(); });
    this.element.addEventListener("dragover", () => this.element.classList.add("over"));
    for (const end of ["dragleave", "drop"]) this.element.addEventListener(end, () => this.element.classList.remove("over"));
  }

  // Takes the pictures among `files` that are not there yet, and names what is none.
  add(files) {
    const seen = new Set(this.files.map(same));
    this.files.push(...files.filter((file) => isPicture(file) && !seen.has(same(file))));
    const odd = files.filter((file) => !isPicture(file) && !isHidden(file)).map((file) => file.name);
    const others = odd.length > NAMED ? ` and ${odd.length - NAMED} more` : "";
    this.fail(odd.length ? `Left out, not a picture that can be read: ${odd.slice(0, NAMED).join(", ")}${others}` : "");
    this.draw();
    this.on.change();
  }

  drop(item) {
    this.files.splice(this.files.indexOf(item.file), 1);
    const next = item.nextElementSibling?.querySelector("button") || this.part("pick");
    this.draw();
    this.on.change();
    next.focus();
  }

  fail(text) {
    const error = this.part("error");
    error.textContent = text;
    error.hidden = !text;
  }

  draw() {
    const holder = this.part("thumbs");
    const old = new Map([...holder.children].map((item) => [item.file, item]));
    const item = (file) => old.get(file) || thumbnail(file, (gone) => this.drop(gone));
    holder.replaceChildren(...this.files.slice(0, this.shown).map(item));
    const rest = this.files.length - this.shown;
    this.part("more").hidden = rest <= 0;
    this.part("more").textContent = `Show more of ${rest} others`;
    drawWaiting();
  }

  count() {
    this.part("count").textContent = this.files.length ? counted(this.files.length) : "no pictures";
    this.part("remove").setAttribute("aria-label", `Remove class ${this.name}`);
  }
}
