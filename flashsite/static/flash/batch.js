// Uploads a file to predict with progress and cancel, and takes what is dropped. The form works without it.
(() => {
  "use strict";

  const area = document.querySelector("[data-batch]");
  if (!area) return;
  const form = area.querySelector("form");
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const hint = form.querySelector("[data-hint]");
  const problem = document.getElementById("problem");
  const progress = document.getElementById("progress");
  const bar = progress.querySelector("progress");
  const state = progress.querySelector("[data-state]");
  const figures = progress.querySelector("[data-figures]");
  const say = progress.querySelector("[data-say]");
  const before = hint.textContent;
  let request = null;

  function busy(on) {
    progress.hidden = !on;
    form.querySelector("button").disabled = on;
    if (on) problem.hidden = true;
  }

  function refuse(title, detail) {
    busy(false);
    problem.querySelector("[data-title]").textContent = title;
    problem.querySelector("[data-detail]").textContent = detail;
    problem.querySelector("[data-notes]").replaceChildren();
    problem.hidden = false;
    problem.focus();
  }

  function finish() {
    let answer = null;
    try { answer = JSON.parse(request.responseText); } catch { /* a page, not JSON: the words below do */ }
    if (request.status === 201 && answer?.url) location.assign(answer.url);
    else if (answer?.detail) refuse(answer.title, answer.detail);
    else if (request.status === 403) refuse("This page is too old", "Reload it and try again.");
    else refuse("The upload did not work", `The server answered with ${request.status}. Try again in a moment.`);
  }

  function send() {
    const file = input.files[0];
    if (!file) { refuse("No file yet", "Choose a file first, or drop one on the box."); return; }
    const most = Number(area.dataset.max);
    if (file.size > most) { refuse("The file is too large", `It has ${flash.size(file.size)}; ${flash.size(most)} are allowed.`); return; }
    request = new XMLHttpRequest();
    request.open("POST", location.pathname);
    request.setRequestHeader("Accept", "application/json");
    bar.value = 0;
    state.textContent = say.textContent = "Uploading";
    figures.textContent = "";
    busy(true);
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      bar.value = event.loaded / event.total;
      figures.textContent = `${Math.floor(100 * bar.value)} % of ${flash.size(event.total)}`;
    };
    request.upload.onload = () => {
      bar.removeAttribute("value");
      state.textContent = say.textContent = "Reading what is in it";
      figures.textContent = "";
    };
    request.onload = finish;
    request.onerror = () => refuse("The connection broke", "Nothing was stored. Check the network and try again.");
    request.onabort = () => busy(false);
    request.send(new FormData(form));
  }

  const show = () => {
    const file = input.files[0];
    hint.textContent = file ? `${file.name}, ${flash.size(file.size)}` : before;
    problem.hidden = true;
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  progress.querySelector("[data-cancel]").addEventListener("click", () => request?.abort());
  input.addEventListener("change", show);
  addEventListener("pageshow", () => busy(false));

  let depth = 0;
  const over = (on) => drop.classList.toggle("over", on);
  addEventListener("dragenter", () => { depth++; over(true); });
  addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; over(false); } });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    show();
  });
})();
