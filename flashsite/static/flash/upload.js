// Uploads with progress, speed, time left and cancel. The forms work without it.
(() => {
  "use strict";

  const area = document.querySelector("[data-upload]");
  if (!area) return;
  const problem = document.getElementById("problem");
  const progress = document.getElementById("progress");
  const bar = progress.querySelector("progress");
  const state = progress.querySelector("[data-state]");
  const figures = progress.querySelector("[data-figures]");
  const say = progress.querySelector("[data-say]");
  const cancel = progress.querySelector("[data-cancel]");
  const most = Number(area.dataset.max);
  let stop = null, last = null;

  const time = (s) => s < 60 ? `${Math.ceil(s)} s` : s < 3600 ? `${Math.ceil(s / 60)} min` : `${(s / 3600).toFixed(1)} h`;

  function item(note) {
    const line = document.createElement("li");
    if (typeof note === "string") line.textContent = note;
    else {
      if (note.where) {
        const where = document.createElement("code");
        where.textContent = note.where;
        line.append(where, ": ");
      }
      line.append(note.message);
    }
    return line;
  }

  flash.refuse = (title, detail, notes = []) => {
    problem.querySelector("[data-title]").textContent = title;
    problem.querySelector("[data-detail]").textContent = detail === title ? "" : detail;
    const list = document.createElement("ul");
    list.className = "small stack-s";
    list.append(...notes.slice(0, 20).map(item));
    if (notes.length > 20) list.append(item(`and ${notes.length - 20} more`));
    problem.querySelector("[data-notes]").replaceChildren(...(notes.length ? [list] : []));
    problem.hidden = false;
    problem.focus();
    problem.scrollIntoView({block: "nearest"});
  };

  function busy(on) {
    progress.hidden = !on;
    for (const button of area.querySelectorAll("form button, [data-send]")) button.disabled = on;
    if (on) { problem.hidden = true; progress.scrollIntoView({block: "nearest"}); }
  }

  flash.preparing = (text, onCancel) => {
    busy(true);
    state.textContent = text;
    figures.textContent = "";
    bar.value = 0;
    stop = onCancel;
  };
  flash.prepared = (share) => { bar.value = share; };
  flash.idle = () => busy(false);

  // Draws progress; `begin(bytes)` when so many are there already, then `show(bytes)`.
  function meter(total) {
    let told = -1, started = performance.now(), before = 0;
    return {
      begin: (bytes) => { before = bytes; started = performance.now(); state.textContent = "Uploading"; },
      show(bytes) {
        const share = bytes / total;
        const seconds = (performance.now() - started) / 1000;
        const speed = (bytes - before) / Math.max(seconds, .1);
        bar.value = share;
        const percent = Math.floor(100 * share);
        const left = seconds > 1 && share < 1 && speed > 0 ? `, ${time((total - bytes) / speed)} left` : "";
        figures.textContent = `${percent} % of ${flash.size(total)} at ${flash.size(speed)}/s${left}`;
        if (percent >= told + 25) say.textContent = `${told = percent} percent uploaded`;
      },
    };
  }

  function checking() {
    bar.removeAttribute("value");
    state.textContent = say.textContent = "Reading what is in it";
    figures.textContent = "Uploaded. Large data sets take a moment to check.";
  }

  function follow(request) {
    const drawn = meter(last.bytes);
    request.upload.onprogress = (event) => drawn.show(Math.min(event.loaded, last.bytes));
    request.upload.onload = checking;
  }

  // What the upload in pieces shows; see upload_resume.js.
  function screen(bytes) {
    const drawn = meter(bytes);
    return {
      begin: (cancelled) => flash.preparing("Uploading", cancelled),
      show(now, from) { if (from !== undefined) drawn.begin(from); drawn.show(now); },
      checking,
      trouble(seconds) {
        state.textContent = say.textContent = "The connection broke";
        figures.textContent = `What has arrived is kept. Trying again in ${seconds} s.`;
      },
      done: arrive,
      stopped: () => busy(false),
      refused(problem) { busy(false); tell(problem); },
      broken() {
        busy(false);
        flash.refuse("The connection broke", "What has arrived is kept for a day. Press the button again to go on from there, also after a reload with the same file.");
      },
    };
  }

  function arrive(url) { flash.leaving = true; location.assign(url); }

  function tell(problem) {
    flash.refuse(problem.title, problem.detail, problem.notes || []);
    offerColumns(problem.columns);
  }

  // A table whose columns were found but made no sense: other ones can be chosen, and the same data is sent again.
  const columns = area.querySelector("[data-columns]");
  const selects = columns ? ["input", "label"].map((name) => columns.querySelector(`[name=${name}_column]`)) : [];

  function cells(tag, texts) {
    return texts.map((text) => {
      const cell = document.createElement(tag);
      cell.textContent = text;
      if (tag === "th") cell.scope = "col";
      return cell;
    });
  }

  function offerColumns(found) {
    if (!columns) return;
    columns.hidden = !found;
    for (const [at, select] of selects.entries()) {
      select.disabled = !found;
      select.replaceChildren(...(found?.names || []).map((name) => new Option(name, name, false, name === [found.input, found.label][at])));
    }
    if (!found) return;
    columns.querySelector("[data-names]").replaceChildren(...cells("th", found.names));
    columns.querySelector("[data-rows]").replaceChildren(...found.rows.map((row) => {
      const line = document.createElement("tr");
      line.append(...cells("td", row));
      return line;
    }));
  }

  function again() {
    if (!last) return;
    for (const select of selects) last.data.set(select.name, select.value);
    flash.upload(last.data, last.bytes);
  }

  function finish(request) {
    let answer = null;
    try { answer = JSON.parse(request.responseText); } catch { /* a page, not JSON: the words below do */ }
    if (request.status === 201 && answer?.url) { arrive(answer.url); return; }
    busy(false);
    if (answer?.detail) tell(answer);
    else if (request.status === 403) flash.refuse("This page is too old", "Reload it and try again; what you typed may have to be entered anew.");
    else flash.refuse("The upload did not work", `The server answered with ${request.status}. Try again in a moment.`);
  }

  // `data`: FormData. Resolves nothing: it goes to the next page or shows what is wrong, and loses nothing.
  flash.upload = async (data, bytes) => {
    last = {data, bytes};
    if (bytes > most) {
      flash.refuse("The upload is too large", `It has ${flash.size(bytes)}; ${flash.size(most)} are allowed. Send fewer or smaller files.`);
      busy(false);
      return;
    }
    // Asked first: a refusal in the middle of a long upload reaches the browser as a broken connection.
    const status = await fetch(area.dataset.status).then((answer) => answer.json()).catch(() => null);
    if (status && !status.accepting) {
      flash.refuse("No new jobs at the moment", status.notice || "Try again in a minute.");
      busy(false);
      return;
    }
    const file = data.get("dataset");
    if (file && bytes >= Number(area.dataset.pieces) && flash.resume) {
      const options = Object.fromEntries(selects.filter((select) => data.get(select.name)).map((select) => [select.name, data.get(select.name)]));
      if (await flash.resume(file, options, screen(bytes))) return;
    }
    const request = new XMLHttpRequest();
    request.open("POST", location.pathname);
    request.setRequestHeader("Accept", "application/json");
    flash.preparing("Uploading", () => request.abort());
    follow(request);
    request.onload = () => finish(request);
    request.onerror = () => {
      busy(false);
      flash.refuse("The connection broke", "Nothing was stored. Check the network and try again.");
    };
    request.onabort = () => busy(false);
    request.send(data);
  };
  flash.form = () => {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", area.querySelector("[name=csrfmiddlewaretoken]").value);
    return data;
  };

  // Back from the next page, perhaps out of the browser's memory: ready for another try.
  addEventListener("pageshow", () => busy(false));
  cancel.addEventListener("click", () => stop?.());
  if (columns) {
    const button = columns.querySelector("[data-again]");
    button.hidden = false;
    button.addEventListener("click", again);
  }

  for (const form of area.querySelectorAll("[data-file-form]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const data = new FormData(form);
      for (const select of selects) data.delete(select.name);
      offerColumns(null);
      const file = data.get("dataset");
      const text = data.get("pasted");
      if (file && !file.name) { flash.refuse("No file yet", "Choose a file first, or drop one on the box."); return; }
      if (text !== null && !text.trim()) { flash.refuse("No rows yet", "Paste some rows first."); return; }
      flash.upload(data, file ? file.size : new Blob([text]).size);
    });
  }

  // Dropping. Folders and loose pictures go to the builder where there is one.
  const drop = area.querySelector("[data-drop]");
  const input = drop.querySelector("input[type=file]");
  const hint = drop.querySelector("[data-hint]");
  const before = hint.textContent;
  const show = () => {
    const file = input.files[0];
    hint.textContent = file ? `${file.name}, ${flash.size(file.size)}` : before;
  };
  input.addEventListener("change", () => { problem.hidden = true; show(); });
  show();

  let depth = 0;
  const over = (on) => drop.classList.toggle("over", on);
  addEventListener("dragenter", () => { depth++; over(true); });
  addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; over(false); } });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    if (flash.takeDrop && flash.takeDrop(event)) return;
    const files = event.dataTransfer.files;
    if (!files.length) return;
    area.querySelector("[role=tablist]").dispatchEvent(new CustomEvent("choose", {detail: "tab-file"}));
    const one = new DataTransfer();
    one.items.add(files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change"));
    if (files.length > 1) flash.refuse("One file at a time", `${files[0].name} was taken, the others were not.`);
  });
})();
