// What training/kinds/pictures/preprocess.py does, for a browser: pictures to pixels, sentences to token ids.
(() => {
  "use strict";

  // Pillow's bilinear filter, which averages when it makes smaller, in its whole-number arithmetic (Resample.c).
  const BITS = 22;

  function coefficients(from, start, end, to) {
    const scale = (end - start) / to, filter = Math.max(scale, 1), reach = filter;
    const rows = [];
    for (let at = 0; at < to; at++) {
      const centre = start + (at + 0.5) * scale;
      const low = Math.max(0, Math.trunc(centre - reach + 0.5));
      const high = Math.min(from, Math.trunc(centre + reach + 0.5));
      const weights = [];
      for (let x = low; x < high; x++) weights.push(Math.max(0, 1 - Math.abs((x - centre + 0.5) / filter)));
      const sum = weights.reduce((a, b) => a + b, 0);
      rows.push({low, weights: weights.map((weight) => Math.round((weight / sum) * 2 ** BITS))});
    }
    return rows;
  }

  const clip = (sum) => Math.max(0, Math.min(255, Math.floor(sum / 2 ** BITS)));

  function resize(rgba, width, height, box, side) {
    const across = coefficients(width, box[0], box[2], side);
    const down = coefficients(height, box[1], box[3], side);
    const first = down[0].low, last = down[side - 1].low + down[side - 1].weights.length;
    const narrow = new Uint8Array((last - first) * side * 3);
    for (let y = first; y < last; y++) {
      for (let x = 0; x < side; x++) {
        const {low, weights} = across[x];
        for (let channel = 0; channel < 3; channel++) {
          let sum = 2 ** (BITS - 1);
          for (let k = 0; k < weights.length; k++) sum += rgba[(y * width + low + k) * 4 + channel] * weights[k];
          narrow[((y - first) * side + x) * 3 + channel] = clip(sum);
        }
      }
    }
    const pixels = new Uint8Array(side * side * 3);
    for (let y = 0; y < side; y++) {
      const {low, weights} = down[y];
      for (let column = 0; column < side * 3; column++) {
        let sum = 2 ** (BITS - 1);
        for (let k = 0; k < weights.length; k++) sum += narrow[(low - first + k) * side * 3 + column] * weights[k];
        pixels[y * side * 3 + column] = clip(sum);
      }
    }
    return pixels;
  }

  async function picture(file, facts) {
    const bitmap = await createImageBitmap(file, {imageOrientation: "from-image", colorSpaceConversion: "none"});
    const {width, height} = bitmap;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const paint = canvas.getContext("2d", {willReadFrequently: true});
    paint.fillStyle = "#fff";
    paint.fillRect(0, 0, width, height);
    paint.drawImage(bitmap, 0, 0);
    bitmap.close();
    const side = (Math.min(width, height) * facts.crop) / facts.resize;
    const left = (width - side) / 2, top = (height - side) / 2;
    const box = [Math.max(left, 0), Math.max(top, 0), Math.min(left + side, width), Math.min(top + side, height)];
    return resize(paint.getImageData(0, 0, width, height).data, width, height, box, facts.crop);
  }

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

  window.FLASH_INPUTS = {picture, tokenizer, resize};
})();
