// Which files are pictures, and which are in what a person drops: pictures, and folders of them.
// What is read, as the fields that take pictures say it: suffixes and media types.
const ACCEPTED = new Set(document.querySelector("template[data-class-template]").content.querySelector("[data-pick]").accept.split(","));
const suffix = (name) => name.slice(name.lastIndexOf(".")).toLowerCase();

export const isHidden = (file) => file.name.startsWith(".");

export const isPicture = (file) => (ACCEPTED.has(suffix(file.name)) || ACCEPTED.has(file.type)) && !isHidden(file);

export const counted = (n) => n === 1 ? "1 picture" : `${n.toLocaleString("en")} pictures`;

// The folder that a file lies in names its class. Undefined: in none; null: the file is left out.
export function classOf({path, file}) {
  const folders = path.split("/").slice(0, -1);
  if (!isPicture(file) || folders.some((part) => part.startsWith(".") || part === "__MACOSX")) return null;
  return folders.at(-1);
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

// What was dropped: `files` as the browser names them, whether there are folders, and `all()` files with their paths.
export function dropped(event) {
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return {
    files: [...event.dataTransfer.files],
    hasFolders: entries.some((entry) => entry.isDirectory),
    all: async () => (await Promise.all(entries.map((entry) => walk(entry)))).flat(),
  };
}
