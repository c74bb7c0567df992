window.FLASH_INPUTS = {
  reader: (facts, ort) => (pair) => new ort.Tensor("float32", Float32Array.from(pair), [1, 2]),
  listen(place, answerAll) {
    const text = document.createElement("input");
    place.append(text);
    text.addEventListener("change", () => answerAll([text.value.split(",").map(Number)]));
  },
  show: (item, pair) => pair.join(", "),
  problem: (error) => String(error.message),
};
