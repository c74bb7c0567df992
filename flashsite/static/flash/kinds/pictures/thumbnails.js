// Small previews, one after another: a hundred photos of 12 megapixels at once would fill the memory.
const SIDE = 160;
const waiting = [];
let drawing = false;

async function draw({canvas, file}) {
  const bitmap = await createImageBitmap(file, {resizeWidth: SIDE, resizeQuality: "medium"});
  const side = Math.min(bitmap.width, bitmap.height);
  canvas.width = canvas.height = SIDE;
  canvas.getContext("2d").drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
}

function unreadable() {
  const none = document.createElement("span");
  none.className = "none";
  none.textContent = "no preview";
  return none;
}

export async function drawWaiting() {
  if (drawing) return;
  drawing = true;
  for (let job = waiting.shift(); job; job = waiting.shift()) {
    if (!job.canvas.isConnected) continue;
    try {
      await draw(job);
    } catch {
      job.canvas.replaceWith(unreadable());
    }
  }
  drawing = false;
}

// An item of a list with the picture, drawn later, and a button: `onRemove(item)`.
export function thumbnail(file, onRemove) {
  const item = document.createElement("li");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", file.name);
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "×";
  remove.setAttribute("aria-label", `Remove ${file.name}`);
  remove.addEventListener("click", () => onRemove(item));
  item.append(canvas, remove);
  item.file = file;
  waiting.push({canvas, file});
  return item;
}
