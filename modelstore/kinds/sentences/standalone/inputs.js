// Sentences for the page of a bundle: to token ids, as training/kinds/sentences/preprocess.py does it, for a browser.
(() => {
  "use strict";

  // tokenizer.json as training/kinds/sentences/tokeniser.py writes it; anything else is refused, never guessed at.
  const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/u;
  const BLANK = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

  const NORMAL = {
    // One character at a time, as there: a final sigma stays a sigma.
    Lowercase: (text) => Array.from(text, (character) => character.toLowerCase()).join(""),
    NFKC: (text) => text.normalize("NFKC"),
  };

  const STEPS = {
    Whitespace: () => (text) => text.match(/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu) ?? [],
    WhitespaceSplit: () => (text) => text.split(BLANK).filter(Boolean),
    Punctuation: () => (text) => isolated(text, (character) => PUNCTUATION.test(character)),
    Split: (step) => {
      const scripts = step.pattern.Regex.replace(/\\p\{(\w{3,})\}/g, "\\p{Script=$1}");
      const pattern = new RegExp(`^${scripts}$`, "u");
      return (text) => isolated(text, (character) => pattern.test(character));
    },
  };

  function isolated(text, alone) {
    const parts = [];
    let word = "";
    for (const character of text) {
      if (!alone(character)) { word += character; continue; }
      if (word) parts.push(word);
      parts.push(character);
      word = "";
    }
    if (word) parts.push(word);
    return parts;
  }

  function known(condition, what) {
    if (!condition) throw new Error(`This page does not know the tokenizer's ${what}. Use predict.py.`);
  }

  const all = (step, parts) => (step ? (step.type === "Sequence" ? step[parts] : [step]) : []);

  function pieces(model) {
    const unknown = model.vocab[model.unk_token];
    if (model.type === "WordLevel") return (word) => [model.vocab[word] ?? unknown];
    known(model.type === "BPE" && !model.byte_fallback && !model.dropout, "model");
    const ranks = new Map(model.merges.map((pair, rank) => [typeof pair === "string" ? pair : pair.join(" "), rank]));
    return (word) => {
      const parts = [...word];
      for (;;) {
        let best = -1, least = Infinity;
        for (let i = 0; i + 1 < parts.length; i++) {
          const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`);
          if (rank !== undefined && rank < least) { best = i; least = rank; }
        }
        if (best < 0) return parts.map((part) => model.vocab[part] ?? unknown);
        parts.splice(best, 2, parts[best] + parts[best + 1]);
      }
    };
  }

  function tokenizer(json, longest) {
    const normals = all(json.normalizer, "normalizers").map((step) => {
      known(NORMAL[step.type], "normalizer");
      return NORMAL[step.type];
    });
    const steps = all(json.pre_tokenizer, "pretokenizers").map((step) => {
      known(STEPS[step.type] && (step.behavior ?? "Isolated") === "Isolated", "splitting");
      return STEPS[step.type](step);
    });
    const end = json.post_processor ?? {type: "TemplateProcessing", single: [{Sequence: {}}]};
    known(end.type === "TemplateProcessing", "frame");
    const frame = end.single.map((part) => (part.SpecialToken ? end.special_tokens[part.SpecialToken.id].ids[0] : null));
    const split = pieces(json.model);
    const special = new Map(json.added_tokens.map((token) => [token.content, token.id]));
    const quoted = [...special.keys()].map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const cut = quoted.length ? new RegExp(`(${quoted.join("|")})`, "u") : null;

    return (sentence) => {
      const ids = [];
      for (const part of cut ? sentence.split(cut) : [sentence]) {
        if (special.has(part)) { ids.push(special.get(part)); continue; }
        let words = [normals.reduce((text, change) => change(text), part)];
        for (const step of steps) words = words.flatMap(step);
        for (const word of words) ids.push(...split(word));
      }
      const kept = ids.slice(0, longest - frame.filter((id) => id !== null).length);
      const framed = frame.flatMap((id) => (id === null ? kept : [id])).map((id) => id || 1);
      return framed.length ? framed : [1];
    };
  }

  window.FLASH_INPUTS = {
    tokenizer,

    reader(facts, ort) {
      const encode = tokenizer(facts.tokenizer, facts.preprocess.max_length);
      return (sentence) => {
        const ids = encode(sentence);
        return new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
      };
    },

    listen(place, answerAll) {
      const box = document.createElement("div"), label = document.createElement("label");
      const text = document.createElement("textarea"), button = document.createElement("button");
      box.id = "sentences";
      text.id = label.htmlFor = "text";
      text.rows = 5;
      label.textContent = "Sentences to classify, one per line";
      button.textContent = "Predict";
      box.append(label, text, button);
      place.append(box);
      place.closest("form").addEventListener("submit", () => answerAll(text.value.split("\n").map((line) => line.trim()).filter(Boolean)));
    },

    show: (item, sentence) => sentence,

    problem: (error) => String(error.message),
  };
})();
