// The box of a page that says what is wrong (parts/upload_problem.html).
const MOST_NOTES = 20;
const box = document.getElementById("problem");

function item(note) {
  const line = document.createElement("li");
  if (typeof note === "string") {
    line.textContent = note;
    return line;
  }
  if (note.where) {
    const where = document.createElement("code");
    where.textContent = note.where;
    line.append(where, ": ");
  }
  line.append(note.message);
  return line;
}

function listed(notes) {
  const list = document.createElement("ul");
  list.className = "small stack-s";
  list.append(...notes.slice(0, MOST_NOTES).map(item));
  if (notes.length > MOST_NOTES) list.append(item(`and ${notes.length - MOST_NOTES} more`));
  return list;
}

// Shows it; a screen reader reads it out. `notes`: strings, or {where, message}.
export function say(title, detail, notes = []) {
  box.querySelector("[data-title]").textContent = title;
  box.querySelector("[data-detail]").textContent = detail === title ? "" : detail;
  for (const way of box.querySelectorAll("[data-instead]")) way.hidden = !detail.includes(way.dataset.instead);
  box.querySelector("[data-notes]").replaceChildren(...(notes.length ? [listed(notes)] : []));
  box.hidden = false;
}

// As `say`, and brings the reader there.
export function refuse(title, detail, notes = []) {
  say(title, detail, notes);
  box.focus();
  box.scrollIntoView({block: "nearest"});
}

export function clear() { box.hidden = true; }
