"""Predicts with this bundle: python predict.py FILE... | "a sentence" ... | - (sentences from stdin, one a line).

Needs onnxruntime, numpy, pillow and, for sentences, tokenizers (requirements.txt); for HEIC pictures pillow-heif, for
DICOM pydicom. As a module:

    from predict import Classifier
    Classifier().predict(["a.jpg", "b.jpg"])      # or sentences; [{"label", "probability", "top", "outside"}, ...]
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import inputs
import numpy as np
import onnxruntime
import preprocess
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
_AT_ONCE = 4


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

    def probabilities(self, samples: Sequence[Any]) -> NDArray[np.float32]:
        """Probabilities [N, C] in the order of `classes`, of sentences, or of pictures (paths or encoded bytes).

        Raises UnreadableInput with the `index` of the input.
        """
        found = np.zeros((len(samples), len(self.classes)), np.float32)
        for places, batch in self._batches(samples):
            fed = {self.facts["input_name"]: batch}
            found[places] = self._session.run([self.facts["output_name"]], fed)[0]
        return found

    def predict(self, samples: Sequence[Any], top: int = 5) -> list[dict[str, Any]]:
        """For each input the likeliest label, its probability, and the `top` likeliest ones.

        A model that can tell says, too, whether the answer is `outside`: probably about none of its classes. One with
        any number of labels gives all `labels` that are as likely as their thresholds, perhaps none.
        """
        answers = []
        for row in self.probabilities(samples):
            best = (-row).argsort(kind="stable")[:top]
            ranked = [{"label": self.classes[i], "probability": round(float(row[i]), 6)} for i in best]
            answers.append({**ranked[0], "top": ranked, **self._outside(row), **self._labels(row)})
        return answers

    def _labels(self, row: NDArray[np.float32]) -> dict[str, Any]:
        """All labels that are said, the likeliest first; nothing where the likeliest one is the answer."""
        limits = self.facts.get("thresholds")
        if limits is None:
            return {}
        said = np.flatnonzero(row >= np.asarray(limits, np.float32))
        found = [{"label": self.classes[i], "probability": round(float(row[i]), 6)} for i in said]
        return {"labels": sorted(found, key=lambda one: -one["probability"])}

    def _outside(self, row: NDArray[np.float32]) -> dict[str, Any]:
        """Whether the probabilities are spread more (in entropy, nats) than those of its classes usually are.

        Nothing where model.json does not say how much that is.
        """
        if not self.facts.get("outside"):
            return {}
        shares = row.astype(np.float64)
        spread = -(shares * np.log(np.maximum(shares, 1e-12))).sum()
        return {"outside": bool(spread > self.facts["outside"]["threshold"])}

    def _batches(self, samples: Sequence[Any]) -> Iterator[tuple[list[int], NDArray[Any]]]:
        batches = self._preprocess.batches(samples, _AT_ONCE)
        while True:
            try:
                batch = next(batches, None)
            except ValueError as error:
                raise UnreadableInput(str(error), getattr(error, "index", None)) from error
            if batch is None:
                return
            yield batch


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("inputs", nargs="+", help="pictures, or sentences; - reads sentences from stdin")
    parser.add_argument("--top", type=int, default=3, help="how many labels (3)")
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.0,
        help="below this probability: none of my classes (a model with several labels has a threshold for each)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    asked = parser.parse_args()
    classifier = Classifier()
    given = asked.inputs
    if given == ["-"] and inputs.LINES:
        given = [line.strip() for line in sys.stdin if line.strip()]
    failed = False
    for source in given:
        try:
            (answer,) = classifier.predict([inputs.from_argument(source)], max(1, asked.top))
        except ValueError as error:  # UnreadableInput among them
            print(f"{source}: {error}", file=sys.stderr)
            failed = True
            continue
        many = "labels" in answer
        answer["unsure"] = not many and answer["probability"] < asked.threshold
        if asked.json:
            print(json.dumps({"input": source, **answer}, ensure_ascii=False))
        else:
            label = "none of my classes" if answer["unsure"] else answer["label"]
            if many:
                label = " | ".join(row["label"] for row in answer["labels"]) or "none of my labels"
            if answer.get("outside") and not answer["unsure"]:
                label += " (probably none of my classes)"
            others = "  ".join(f"{row['label']} {100 * row['probability']:.1f} %" for row in answer["top"])
            print(f"{source}\t{label}\t{others}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
