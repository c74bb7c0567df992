// Pictures for the page of a bundle: to pixels, as training/kinds/pictures/preprocess.py does it, for a browser.
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
    const bitmap = await createImageBitmap(file, {imageOrientation: "from-image", colorSpaceConversion: facts.reading > 1 ? "default" : "none"});
    const {width, height} = bitmap;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const paint = canvas.getContext("2d", {willReadFrequently: true});
    paint.fillStyle = "#fff";
    paint.fillRect(0, 0, width, height);
    paint.drawImage(bitmap, 0, 0);
    bitmap.close();
    const long = facts.whole && Math.max(width, height) > 2 * Math.min(width, height);
    const side = (Math.min(width, height) * facts.crop) / facts.resize;
    const left = (width - side) / 2, top = (height - side) / 2;
    const box = long ? [0, 0, width, height] : [Math.max(left, 0), Math.max(top, 0), Math.min(left + side, width), Math.min(top + side, height)];
    return resize(paint.getImageData(0, 0, width, height).data, width, height, box, facts.crop);
  }

  function make(tag, text) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  window.FLASH_INPUTS = {
    resize,

    reader(facts, ort) {
      const side = facts.preprocess.crop;
      return async (file) => new ort.Tensor("uint8", await picture(file, facts.preprocess), [1, side, side, 3]);
    },

    listen(place, answerAll) {
      const label = make("label"), input = make("input");
      label.id = "pictures";
      Object.assign(input, {type: "file", multiple: true, accept: "image/*"});
      label.append(make("b", "Pictures to classify"), make("span", "Choose, drop or paste them. They do not leave this device."), input);
      place.append(label);
      input.addEventListener("change", () => answerAll(input.files));
      addEventListener("dragover", (event) => { event.preventDefault(); label.classList.add("over"); });
      addEventListener("dragleave", () => label.classList.remove("over"));
      addEventListener("drop", (event) => { event.preventDefault(); label.classList.remove("over"); answerAll(event.dataTransfer.files); });
      addEventListener("paste", (event) => { if (event.clipboardData.files.length) answerAll(event.clipboardData.files); });
    },

    show(item, file) {
      const image = make("img");
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      item.append(image);
      return file.name;
    },

    problem: () => "This browser cannot read this file as a picture. Save it as JPEG or PNG.",
  };
})();
