"""Predicts with this bundle: python predict.py FILE... | "a sentence" ... | - (sentences from stdin, one a line).

Needs onnxruntime, numpy, pillow and, for sentences, tokenizers (requirements.txt). As a module:

    from predict import Classifier
    Classifier().predict(["a.jpg", "b.jpg"])      # or sentences; [{"label", "probability", "top"}, ...]
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import preprocess
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
_PICTURES_AT_ONCE, _SENTENCES_AT_ONCE = 4, 64


class UnreadableInput(ValueError):
    """The input cannot be used; `reason` says why, `index` which of several."""

    def __init__(self, reason: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.index = reason, index


class Classifier:
    """The model in `folder`; `model` names another ONNX file of it, `tensors` takes the place of its own."""

    def __init__(
        self,
        folder: Path = HERE,
        model: str = "model.onnx",
        tensors: dict[str, NDArray[np.float32]] | None = None,
        threads: int = 0,
    ) -> None:
        self.facts: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.classes: list[str] = self.facts["classes"]
        self.is_text = self.facts["preprocess"]["kind"] == "text"
        self._preprocess: Any = preprocess.from_json(self.facts["preprocess"], folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # They must outlive the session, which does not copy them.
        self._tensors = {
            name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in (tensors or {}).items()
        }
        for name, value in self._tensors.items():
            options.add_initializer(name, value)
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(str(folder / model), options, providers=providers)

    def probabilities(self, inputs: Sequence[str | Path | bytes]) -> NDArray[np.float32]:
        """Probabilities [N, C] in the order of `classes`, of sentences or of pictures (paths or encoded bytes).

        Raises UnreadableInput with the `index` of the picture.
        """
        parts = [
            self._session.run([self.facts["output_name"]], {self.facts["input_name"]: batch})[0]
            for batch in self._batches(inputs)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), np.float32)

    def predict(self, inputs: Sequence[str | Path | bytes], top: int = 5) -> list[dict[str, Any]]:
        """For each input the likeliest label, its probability, and the `top` likeliest ones."""
        answers = []
        for row in self.probabilities(inputs):
            best = (-row).argsort(kind="stable")[:top]
            ranked = [{"label": self.classes[i], "probability": round(float(row[i]), 6)} for i in best]
            answers.append({**ranked[0], "top": ranked})
        return answers

    def _batches(self, inputs: Sequence[str | Path | bytes]) -> Iterator[NDArray[Any]]:
        step = _SENTENCES_AT_ONCE if self.is_text else _PICTURES_AT_ONCE
        for start in range(0, len(inputs), step):
            part = inputs[start : start + step]
            if self.is_text:
                yield self._preprocess.encode([str(sentence) for sentence in part])
            else:
                yield np.stack([self._load(start + i, source) for i, source in enumerate(part)])

    def _load(self, index: int, source: str | Path | bytes) -> NDArray[np.uint8]:
        try:
            picture = source if isinstance(source, bytes) else Path(source)
            pixels: NDArray[np.uint8] = self._preprocess.load(picture)
            return pixels
        except ValueError as error:
            raise UnreadableInput(str(error), index) from error


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("inputs", nargs="+", help="pictures, or sentences; - reads sentences from stdin")
    parser.add_argument("--top", type=int, default=3, help="how many labels (3)")
    parser.add_argument(
        "--threshold", type=float, default=0.0, help="below this probability: none of my classes"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = parser.parse_args()
    classifier = Classifier()
    inputs = asked.inputs
    if inputs == ["-"] and classifier.is_text:
        inputs = [line.strip() for line in sys.stdin if line.strip()]
    failed = False
    for source in inputs:
        try:
            (answer,) = classifier.predict([source], max(1, asked.top))
        except UnreadableInput as error:
            print(f"{source}: {error.reason}", file=sys.stderr)
            failed = True
            continue
        answer["unsure"] = answer["probability"] < asked.threshold
        if asked.json:
            print(json.dumps({"input": source, **answer}, ensure_ascii=False))
        else:
            label = "none of my classes" if answer["unsure"] else answer["label"]
            others = "  ".join(f"{row['label']} {100 * row['probability']:.1f} %" for row in answer["top"])
            print(f"{source}\t{label}\t{others}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
