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

  // What this kind of model takes: see inputs.js, and modelstore/standalone/README.md in Flash.
  const inputs = window.FLASH_INPUTS;
  let loaded, read;

  async function probabilities(input) {
    const found = await loaded.session.run({[facts.input_name]: await read(input)});
    return [...found[facts.output_name].data];
  }

  // Whether the probabilities are spread more (in entropy, nats) than those of samples of its classes usually are.
  function isOutside(shares) {
    if (!facts.outside) return false;
    const spread = -shares.reduce((sum, share) => sum + share * Math.log(Math.max(share, 1e-12)), 0);
    return spread > facts.outside.threshold;
  }

  // Of a model with any number of labels: all that are as likely as their thresholds, the likeliest first.
  function labelsOf(shares) {
    const said = shares.map((share, at) => [share, at]).filter(([share, at]) => Math.fround(share) >= Math.fround(facts.thresholds[at]));
    return said.sort((a, b) => b[0] - a[0]).map(([, at]) => facts.classes[at]).join(" | ") || "none of my labels";
  }

  async function answer(input) {
    const item = make("li"), told = make("div");
    const name = inputs.show(item, input);
    item.append(told);
    told.append(make("p", "name", name));
    element("answers").append(item);
    try {
      const shares = await probabilities(input);
      const order = shares.map((share, at) => [share, facts.classes[at]]).sort((a, b) => b[0] - a[0]);
      const sure = !!facts.thresholds || 100 * order[0][0] >= Number(element("threshold").value || 0);
      told.append(make("p", "label", facts.thresholds ? labelsOf(shares) : sure ? order[0][1] : "none of my classes"));
      if (sure && isOutside(shares)) told.append(make("p", "", "This is probably none of the classes."));
      for (const [share, label] of order.slice(0, 5)) {
        const bar = make("div", "bar"), meter = make("meter");
        meter.value = share;
        meter.setAttribute("aria-label", label);
        bar.append(make("span", "", label), meter, make("span", "", `${(100 * share).toFixed(1)} %`));
        told.append(bar);
      }
    } catch (error) {
      told.append(make("p", "bad", inputs.problem(error)));
    }
  }

  async function answerAll(given) {
    element("answers").replaceChildren();
    for (const input of given) await answer(input);
  }

  function howGood() {
    if (facts.thresholds && facts.score) return `; any number of them at a time; F1 (micro) ${(100 * facts.score.value).toFixed(1)} % on validation`;
    // Only an accuracy is a share of right answers.
    if (facts.accuracy === undefined) return "";
    const right = `; ${(100 * facts.accuracy).toFixed(1)} % right on validation`;
    // Too few sources tell no interval.
    if (!facts.accuracy_interval) return right;
    const [low, high] = facts.accuracy_interval.map((share) => (100 * share).toFixed(1));
    return `${right} (on as many new ones very likely ${low} to ${high} %)`;
  }

  async function start() {
    if (facts.thresholds) element("threshold").parentElement.hidden = true;
    document.title = element("title").textContent = facts.task_name || "Classifier";
    element("about").textContent = `${facts.classes.length} classes${howGood()}.`;
    if (!window.FLASH_RUNTIME || !window.FLASH_MODEL) {
      say("Some of the files that came with this page are missing. Unpack the whole zip, then open this page from its folder.", true);
      return;
    }
    say("Loading the model…");
    try {
      loaded = await load();
      read = inputs.reader(facts, loaded.ort);
    } catch (error) {
      say(`The model cannot be loaded: ${error.message}`, true);
      return;
    }
    element("ask").addEventListener("submit", (event) => event.preventDefault());
    inputs.listen(element("inputs"), answerAll);
    element("ask").hidden = false;
    say("");
  }

  start();
})();
