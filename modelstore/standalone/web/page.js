// Predicts in the browser with what lies beside this file; nothing is sent anywhere.
(() => {
  "use strict";

  const facts = window.FLASH_FACTS;
  const element = (id) => document.getElementById(id);
  const say = (text, bad) => { element("state").textContent = text; element("state").classList.toggle("bad", !!bad); element("state").hidden = !text; };

  function make(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function bytes(base64) {
    const text = atob(base64), data = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) data[i] = text.charCodeAt(i);
    return data;
  }

  async function unpacked(base64) {
    const stream = new Blob([bytes(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  async function load() {
    const code = new Blob([await unpacked(window.FLASH_RUNTIME.code)], {type: "text/javascript"});
    const ort = await import(URL.createObjectURL(code));
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = (await unpacked(window.FLASH_RUNTIME.wasm)).buffer;
    const session = await ort.InferenceSession.create(bytes(window.FLASH_MODEL), {executionProviders: ["wasm"]});
    delete window.FLASH_MODEL;
    delete window.FLASH_RUNTIME;
    return {ort, session};
  }

  const isText = facts.preprocess.kind === "text";
  const encode = isText ? window.FLASH_INPUTS.tokenizer(facts.tokenizer, facts.preprocess.max_length) : null;
  let loaded;

  async function tensor(input) {
    const {ort} = loaded;
    if (isText) {
      const ids = encode(input);
      return new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
    }
    const side = facts.preprocess.crop;
    return new ort.Tensor("uint8", await window.FLASH_INPUTS.picture(input, facts.preprocess), [1, side, side, 3]);
  }

  async function probabilities(input) {
    const found = await loaded.session.run({[facts.input_name]: await tensor(input)});
    return [...found[facts.output_name].data];
  }

  async function answer(input) {
    const item = make("li"), told = make("div");
    if (!isText) {
      const image = make("img");
      image.src = URL.createObjectURL(input);
      image.alt = input.name;
      item.append(image);
    }
    item.append(told);
    told.append(make("p", "name", isText ? input : input.name));
    element("answers").append(item);
    try {
      const shares = await probabilities(input);
      const order = shares.map((share, at) => [share, facts.classes[at]]).sort((a, b) => b[0] - a[0]);
      const sure = 100 * order[0][0] >= Number(element("threshold").value || 0);
      told.append(make("p", "label", sure ? order[0][1] : "none of my classes"));
      for (const [share, label] of order.slice(0, 5)) {
        const bar = make("div", "bar"), meter = make("meter");
        meter.value = share;
        meter.setAttribute("aria-label", label);
        bar.append(make("span", "", label), meter, make("span", "", `${(100 * share).toFixed(1)} %`));
        told.append(bar);
      }
    } catch (error) {
      told.append(make("p", "bad", isText ? String(error.message) : "This file cannot be read as a picture."));
    }
  }

  async function answerAll(inputs) {
    element("answers").replaceChildren();
    for (const input of inputs) await answer(input);
  }

  function listen() {
    const input = element("pictures").querySelector("input");
    element("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      if (isText) answerAll(element("text").value.split("\n").map((line) => line.trim()).filter(Boolean));
    });
    if (isText) return;
    input.addEventListener("change", () => answerAll(input.files));
    addEventListener("dragover", (event) => { event.preventDefault(); element("pictures").classList.add("over"); });
    addEventListener("dragleave", () => element("pictures").classList.remove("over"));
    addEventListener("drop", (event) => { event.preventDefault(); element("pictures").classList.remove("over"); answerAll(event.dataTransfer.files); });
    addEventListener("paste", (event) => { if (event.clipboardData.files.length) answerAll(event.clipboardData.files); });
  }

  function howGood() {
    // Only an accuracy is a share of right answers.
    if (facts.accuracy === undefined) return "";
    const [low, high] = facts.accuracy_interval.map((share) => (100 * share).toFixed(1));
    return `; ${(100 * facts.accuracy).toFixed(1)} % right on validation (very likely ${low} to ${high} %)`;
  }

  async function start() {
    document.title = element("title").textContent = facts.task_name || "Classifier";
    element("about").textContent = `${facts.classes.length} classes${howGood()}.`;
    if (!window.FLASH_RUNTIME) {
      say("One file is missing: run  python get_runtime.py  in this folder, once, with a network. Then open this page again.", true);
      return;
    }
    try {
      loaded = await load();
    } catch (error) {
      say(`The model cannot be loaded: ${error.message}`, true);
      return;
    }
    listen();
    element("pictures").hidden = isText;
    element("sentences").hidden = !isText;
    element("ask").hidden = false;
    say("");
  }

  start();
})();
