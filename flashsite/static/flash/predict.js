// Predicts in place, with previews of the pictures. The form works without it.
(() => {
  "use strict";

  const form = document.querySelector("[data-predict]");
  if (!form) return;
  const answers = document.querySelector("[data-answers]");
  const busy = form.querySelector("[data-busy]");
  const button = form.querySelector("button");
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const text = form.querySelector("textarea");
  const preview = form.querySelector("[data-preview]");
  let addresses = [];

  async function predict() {
    const files = input ? [...input.files] : [];
    button.disabled = true;
    busy.hidden = false;
    try {
      const answer = await fetch(form.getAttribute("action").split("#")[0], {method: "POST", body: new FormData(form), headers: {"X-Part": "predictions"}});
      const page = await answer.text();
      if (page.trimStart().startsWith("<!doctype")) { document.location.reload(); return; }
      answers.innerHTML = page;
      for (const image of answers.querySelectorAll("[data-picture]")) {
        const file = files[image.dataset.picture];
        image.addEventListener("error", () => { image.hidden = true; });
        if (file) { image.src = addresses[image.dataset.picture]; image.alt = file.name; image.hidden = false; }
      }
    } catch {
      answers.innerHTML = '<p class="errors" role="alert">The connection broke. Try again.</p>';
    } finally {
      button.disabled = false;
      busy.hidden = true;
    }
  }

  function show() {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    const files = [...input.files];
    addresses = files.map((file) => URL.createObjectURL(file));
    preview.replaceChildren(...files.slice(0, 24).map((file, at) => {
      const item = document.createElement("li");
      const image = document.createElement("img");
      image.src = addresses[at];
      image.alt = file.name;
      image.addEventListener("error", () => {
        const none = document.createElement("span");
        none.className = "none";
        none.textContent = "no picture?";
        image.replaceWith(none);
      });
      item.append(image);
      return item;
    }));
  }

  form.addEventListener("submit", (event) => {
    // The file of results is downloaded, as without this script.
    if (event.submitter?.hasAttribute("data-as-file")) return;
    event.preventDefault();
    predict();
  });
  if (text) {
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); predict(); }
    });
    return;
  }

  input.addEventListener("change", () => { show(); if (input.files.length) predict(); });
  let depth = 0;
  addEventListener("dragenter", () => { depth++; drop.classList.add("over"); });
  addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; drop.classList.remove("over"); } });
  addEventListener("dragover", (event) => event.preventDefault());
  const take = (files) => {
    if (!files.length) return;
    input.files = files;
    input.dispatchEvent(new Event("change"));
  };
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => take(event.clipboardData.files));
})();
