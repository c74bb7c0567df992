// A table whose columns were found but made no sense (parts/upload_columns.html): other ones can be chosen, and the same
// data is sent again.
const part = document.querySelector("[data-columns]");
const selects = part ? ["input", "label"].map((name) => part.querySelector(`[name=${name}_column]`)) : [];

function cells(tag, texts) {
  return texts.map((text) => {
    const cell = document.createElement(tag);
    cell.textContent = text;
    if (tag === "th") cell.scope = "col";
    return cell;
  });
}

function offerNames(found) {
  for (const [at, select] of selects.entries()) {
    select.disabled = !found;
    const chosen = found && [found.input, found.label][at];
    select.replaceChildren(...(found?.names || []).map((name) => new Option(name, name, false, name === chosen)));
  }
}

// `found`: the columns of a problem document, or nothing, which takes the offer back.
export function offer(found) {
  if (!part) return;
  part.hidden = !found;
  offerNames(found);
  if (!found) return;
  part.querySelector("[data-names]").replaceChildren(...cells("th", found.names));
  part.querySelector("[data-rows]").replaceChildren(...found.rows.map((row) => {
    const line = document.createElement("tr");
    line.append(...cells("td", row));
    return line;
  }));
}

// `again()` when other columns were chosen.
export function onChoice(again) {
  if (!part) return;
  const button = part.querySelector("[data-again]");
  button.hidden = false;
  button.addEventListener("click", again);
}

export function addTo(data) { for (const select of selects) data.set(select.name, select.value); }

export function removeFrom(data) { for (const select of selects) data.delete(select.name); }

// What `data` says of columns, as the API wants it.
export function chosenIn(data) {
  const given = selects.filter((select) => data.get(select.name));
  return Object.fromEntries(given.map((select) => [select.name, data.get(select.name)]));
}
