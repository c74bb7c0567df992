// Pictures class by class: add, rename, remove; drop pictures on a class, or a folder of folders anywhere.
(() => {
  "use strict";

  const root = document.querySelector("[data-builder]");
  if (!root) return;
  const list = root.querySelector("[data-classes]");
  const template = root.querySelector("[data-class-template]");
  const sum = root.querySelector("[data-sum]");
  const folder = document.querySelector("[data-folder]");
  const tablist = document.querySelector("[role=tablist]");
  const PICTURE = /\.(jpe?g|png|webp|bmp)$/i;
  const SHOWN = 48, SIDE = 160;
  const classes = [];
  // The class that a pasted picture belongs to: the one last touched.
  let current = null;

  const counted = (n) => n === 1 ? "1 picture" : `${n.toLocaleString()} pictures`;
  const isPicture = (file) => (PICTURE.test(file.name) || /^image\/(jpeg|png|webp|bmp)$/.test(file.type)) && !file.name.startsWith(".");

  function addClass(name = "") {
    const element = template.content.firstElementChild.cloneNode(true);
    const one = {name, files: [], shown: SHOWN, element, part: (what) => element.querySelector(`[data-${what}]`)};
    one.part("name").value = name;
    one.part("name").addEventListener("input", (event) => { one.name = event.target.value; one.part("error").hidden = true; total(); });
    one.part("pick").addEventListener("change", (event) => { addFiles(one, [...event.target.files]); event.target.value = ""; });
    one.part("camera").addEventListener("click", () => flash.camera(one, (file) => addFiles(one, [file])));
    one.part("remove").addEventListener("click", () => removeClass(one));
    one.part("more").addEventListener("click", () => { one.shown += 200; draw(one); });
    element.addEventListener("focusin", () => { current = one; });
    element.addEventListener("pointerdown", () => { current = one; });
    element.addEventListener("dragover", () => element.classList.add("over"));
    for (const kind of ["dragleave", "drop"]) element.addEventListener(kind, () => element.classList.remove("over"));
    classes.push(one);
    list.append(element);
    total();
    return one;
  }

  function removeClass(one) {
    const at = classes.indexOf(one);
    classes.splice(at, 1);
    one.element.remove();
    total();
    (classes[Math.min(at, classes.length - 1)]?.part("name") || root.querySelector("[data-add]")).focus();
  }

  function addFiles(one, files) {
    const seen = new Set(one.files.map((file) => `${file.name}/${file.size}/${file.lastModified}`));
    const fresh = files.filter((file) => isPicture(file) && !seen.has(`${file.name}/${file.size}/${file.lastModified}`));
    const odd = files.filter((file) => !isPicture(file) && !file.name.startsWith("."));
    one.files.push(...fresh);
    fail(one, odd.length ? `Left out, for it is no JPEG, PNG, WebP or BMP: ${odd.slice(0, 3).map((file) => file.name).join(", ")}${odd.length > 3 ? ` and ${odd.length - 3} more` : ""}` : "");
    draw(one);
    total();
  }

  function fail(one, text) {
    const error = one.part("error");
    error.textContent = text;
    error.hidden = !text;
  }

  // Small previews, one after another: a hundred photos of 12 megapixels at once would fill the memory.
  const waiting = [];
  let drawing = false;
  async function drawNext() {
    if (drawing) return;
    drawing = true;
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      if (!job.canvas.isConnected) continue;
      try {
        const bitmap = await createImageBitmap(job.file, {resizeWidth: SIDE, resizeQuality: "medium"});
        const side = Math.min(bitmap.width, bitmap.height);
        job.canvas.width = job.canvas.height = SIDE;
        job.canvas.getContext("2d").drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
        bitmap.close();
      } catch {
        const none = document.createElement("span");
        none.className = "none";
        none.textContent = "unreadable?";
        job.canvas.replaceWith(none);
      }
    }
    drawing = false;
  }

  function thumbnail(one, file) {
    const item = document.createElement("li");
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => {
      one.files.splice(one.files.indexOf(file), 1);
      const next = item.nextElementSibling?.querySelector("button") || one.part("pick");
      draw(one);
      total();
      next.focus();
    });
    item.append(canvas, remove);
    item.file = file;
    waiting.push({canvas, file});
    return item;
  }

  function draw(one) {
    const holder = one.part("thumbs");
    const old = new Map([...holder.children].map((item) => [item.file, item]));
    holder.replaceChildren(...one.files.slice(0, one.shown).map((file) => old.get(file) || thumbnail(one, file)));
    const rest = one.files.length - one.shown;
    one.part("more").hidden = rest <= 0;
    one.part("more").textContent = `Show more of ${rest} others`;
    drawNext();
  }

  function total() {
    let files = 0, bytes = 0;
    for (const one of classes) {
      files += one.files.length;
      bytes += one.files.reduce((sum, file) => sum + file.size, 0);
      one.part("count").textContent = one.files.length ? counted(one.files.length) : "no pictures";
      one.part("remove").setAttribute("aria-label", `Remove class ${one.name}`);
    }
    const named = classes.filter((one) => one.name.trim() || one.files.length).length;
    sum.textContent = files ? `${named} ${named === 1 ? "class" : "classes"}, ${counted(files)}, ${flash.size(bytes)}` : "No pictures yet";
  }

  // The class of a file is the folder it lies in.
  function addTree(entries) {
    const loose = [];
    for (const {path, file} of entries) {
      const folders = path.split("/").slice(0, -1);
      if (!isPicture(file) || folders.some((part) => part.startsWith(".") || part === "__MACOSX")) continue;
      const name = folders.at(-1);
      if (!name) { loose.push(file); continue; }
      let one = classes.find((known) => known.name.trim() === name);
      if (!one) {
        one = classes.find((known) => !known.name.trim() && !known.files.length) || addClass();
        one.name = one.part("name").value = name;
      }
      (one.fresh ||= []).push(file);
    }
    for (const one of classes) {
      if (one.fresh) addFiles(one, one.fresh);
      delete one.fresh;
    }
    return loose;
  }

  async function walk(entry, path = "") {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return [{path: path + entry.name, file}];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!batch.length) return found;
      for (const child of batch) found.push(...await walk(child, `${path}${entry.name}/`));
    }
  }

  const toBuilder = () => tablist.dispatchEvent(new CustomEvent("choose", {detail: "tab-builder"}));

  // Takes folders and pictures; a zip is left to the other pane.
  flash.takeDrop = (event) => {
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...event.dataTransfer.files];
    if (!entries.some((entry) => entry.isDirectory) && !files.some(isPicture)) return false;
    const target = classes.find((one) => one.element.contains(event.target));
    toBuilder();
    if (target && !entries.some((entry) => entry.isDirectory)) { addFiles(target, files); return true; }
    Promise.all(entries.map((entry) => walk(entry))).then((found) => {
      const loose = addTree(found.flat());
      if (loose.length) addFiles(target || classes.find((one) => !one.files.length) || addClass(), loose);
    });
    return true;
  };

  // Pictures from the clipboard; text pasted into the name of a class stays text.
  let pasted = 0;
  addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    if (!files.length) return;
    event.preventDefault();
    toBuilder();
    const target = classes.includes(current) ? current : classes.find((one) => !one.files.length) || addClass();
    // The clipboard calls every picture "image.png".
    addFiles(target, files.map((file) => new File([file], file.name.replace(/^image\./, `pasted-${++pasted}.`), {type: file.type, lastModified: file.lastModified})));
    sum.textContent += `; pasted into ${target.name.trim() || "a class without a name"}`;
  });

  function check() {
    const names = new Map();
    let wrong = null;
    const say = (one, text) => { fail(one, text); wrong ||= one; };
    const used = classes.filter((one) => one.name.trim() || one.files.length);
    for (const one of used) {
      const name = one.name.trim();
      fail(one, "");
      if (!name) say(one, "Give this class a name.");
      else if (/[\/\\]/.test(name) || name.startsWith(".")) say(one, "A name may not hold a slash or begin with a dot.");
      else if (names.has(name.toLowerCase())) say(one, `There is a class “${names.get(name.toLowerCase())}” already.`);
      else if (one.files.length < 2) say(one, "At least two pictures are needed; twenty are better.");
      names.set(name.toLowerCase(), name);
    }
    if (used.length < 2 && !wrong) { flash.refuse("Two classes at least", "Add another class, with pictures of what it is not."); return null; }
    if (wrong) { wrong.part("name").focus(); return null; }
    return used;
  }

  async function send() {
    const used = check();
    if (!used) return;
    const abort = new AbortController();
    flash.preparing("Packing the pictures", () => abort.abort());
    const files = used.flatMap((one) => one.files.map((file, at) => ({
      path: `${one.name.trim()}/${String(at + 1).padStart(5, "0")}-${file.name.replace(/[\\/]/g, "-")}`, file,
    })));
    try {
      const blob = await flash.zip(files, {onProgress: flash.prepared, signal: abort.signal});
      const data = flash.form();
      data.set("dataset", blob, "pictures.zip");
      flash.upload(data, blob.size);
    } catch (error) {
      flash.idle();
      if (error.name === "AbortError") return;
      const known = error instanceof RangeError;
      flash.refuse(known ? "Too much at once" : "A picture could not be read", known ? error.message : "It may have been moved or changed since it was chosen. Remove it and try again.");
    }
  }

  // Leaving by accident asks first, once there is something to lose.
  addEventListener("beforeunload", (event) => {
    if (!flash.leaving && classes.some((one) => one.files.length)) event.preventDefault();
  });
  addEventListener("pageshow", () => { flash.leaving = false; });

  root.querySelector("[data-add]").addEventListener("click", () => addClass().part("name").focus());
  root.querySelector("[data-send]").addEventListener("click", send);
  folder.hidden = false;
  folder.querySelector("input").addEventListener("change", (event) => {
    const files = [...event.target.files].map((file) => ({path: file.webkitRelativePath || file.name, file}));
    event.target.value = "";
    toBuilder();
    addTree(files);
  });
  addClass();
  addClass();
})();
