// Sentences for the page of a bundle: to token ids, as training/kinds/sentences/preprocess.py does it, for a browser.
(() => {
  "use strict";

  // tokenizer.json as training/kinds/sentences/tokeniser.py writes it, or an encoder of BERT's kind brings it; anything
  // else is refused, never guessed at.
  const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/u;
  const BLANK = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

  // As the library tokenizers has them, with the gap before U+2B920.
  const IDEOGRAPHS = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
  const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\ufffd]/gu;

  // One character at a time, as there: a final sigma stays a sigma.
  const lower = (text) => Array.from(text, (character) => character.toLowerCase()).join("");

  const NORMAL = {
    Lowercase: () => lower,
    NFKC: () => (text) => text.normalize("NFKC"),
    BertNormalizer: (step) => {
      const changes = [];
      if (step.clean_text) changes.push((text) => text.replace(UNSEEN, "").replace(/\p{White_Space}/gu, " "));
      if (step.handle_chinese_chars) changes.push((text) => text.replace(IDEOGRAPHS, " $& "));
      if (step.strip_accents ?? step.lowercase) changes.push((text) => text.normalize("NFD").replace(/\p{Mn}/gu, ""));
      if (step.lowercase) changes.push(lower);
      return (text) => changes.reduce((changed, change) => change(changed), text);
    },
  };

  const STEPS = {
    Whitespace: () => (text) => text.match(/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu) ?? [],
    WhitespaceSplit: () => (text) => text.split(BLANK).filter(Boolean),
    Punctuation: () => (text) => isolated(text, (character) => PUNCTUATION.test(character)),
    // As learn_pieces sets it: each word by itself, its beginning marked.
    Metaspace: (step) => {
      known(step.prepend_scheme === "always" && step.replacement === "▁", "splitting");
      return (text) => (text.startsWith("▁") ? text : `▁${text}`).split(/(?=▁)/u);
    },
    BertPreTokenizer: () => (text) => STEPS.WhitespaceSplit()(text).flatMap(STEPS.Punctuation()),
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
    // No object: "constructor" is in each.
    const vocabulary = new Map(Object.entries(model.vocab)), unknown = vocabulary.get(model.unk_token);
    if (model.type === "WordLevel") return (word) => [vocabulary.get(word) ?? unknown];
    if (model.type === "WordPiece") return (word) => wordPieces(word, model, vocabulary) ?? [unknown];
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
        if (best < 0) return parts.map((part) => vocabulary.get(part) ?? unknown);
        parts.splice(best, 2, parts[best] + parts[best + 1]);
      }
    };
  }

  // From the left the longest that the vocabulary has; null where something of the word is in no piece.
  function wordPieces(word, model, vocabulary) {
    const characters = [...word], found = [];
    if (characters.length > model.max_input_chars_per_word) return null;
    for (let start = 0, end; start < characters.length; start = end) {
      const before = start ? model.continuing_subword_prefix : "";
      const idOf = () => vocabulary.get(before + characters.slice(start, end).join(""));
      for (end = characters.length; end > start && idOf() === undefined; end--);
      if (end === start) return null;
      found.push(idOf());
    }
    return found;
  }

  function tokenizer(json, longest) {
    if (json.model.type === "Unigram") throw new Error("This model reads sentences as an encoder of many languages does, which this page cannot. Use predict.py.");
    const normals = all(json.normalizer, "normalizers").map((step) => {
      known(NORMAL[step.type], "normalizer");
      return NORMAL[step.type](step);
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
