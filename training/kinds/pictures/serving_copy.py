"""A copy of a picture model in 8-bit integers for serving, kept only if it answers as the model does.

Static quantisation (Jacob et al. 2018), weights by channel; normalisation, last layer and softmax stay in floats.
"""

import contextlib
import io
import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from training.bundle.manifest import ONNX_FILE, SERVING_COPY_FILE
from training.bundle.sessions import open_session
from training.evaluation.outcome import Outcome
from training.ground.run import Run
from training.kinds.pictures.networks.integer_graph import before_convolutions, normalised_in_rows
from training.kinds.pictures.pixels.picture import UnreadablePicture
from training.kinds.pictures.preprocess import PicturePreprocess
from training.targets.target import Target

LEAST_AGREEMENT = 0.99
MOST_SCORE_LOST = 0.003
_SECONDS = 60.0
_CALIBRATION, _LEAST_CALIBRATION = 48, 8
# Of fewer, 99 % says nothing.
_COMPARED, _LEAST_COMPARED = 500, 20
_AT_ONCE = 4
# Where convolutions take the time; transformers and tiny graphs gain nothing.
_OPERATORS = ["Conv", "Add", "Clip", "GlobalAveragePool", "ReduceMean", "Mul", "MaxPool"]
_LEAST_CONVOLUTIONS = 8


def make_serving_copy(folder: Path, outcome: Outcome, run: Run) -> dict[str, Any]:
    """Write folder/serving.onnx if it agrees with folder/model.onnx; within a minute, and never an error.

    Gives figures for the report, whose `kept` says whether the file stays; {} if none was tried.
    """
    try:
        figures = _try(folder, outcome, run)
    except Exception:
        traceback.print_exc(file=sys.stderr)
        figures = {}
    if not figures.get("kept"):
        (folder / SERVING_COPY_FILE).unlink(missing_ok=True)
    return figures


def _try(folder: Path, outcome: Outcome, run: Run) -> dict[str, Any]:
    count, preprocess = len(outcome.truth), outcome.preprocess
    too_few = count < _LEAST_COMPARED
    if too_few or run.control.out_of_time or not _is_convolutional(folder / ONNX_FILE):
        return {}
    assert isinstance(preprocess, PicturePreprocess)
    deadline = time.monotonic() + _SECONDS
    train, measured_on = outcome.parts[0], outcome.measured_on
    rng = np.random.default_rng(outcome.recipe.seed)
    paths = outcome.samples.items
    chosen = [paths[i] for i in train[rng.permutation(len(train))[:_CALIBRATION]]]
    reader = _Reader(chosen, preprocess, deadline - _SECONDS * 2 / 3)
    _quantise(folder, reader)
    if reader.given < _LEAST_CALIBRATION:
        return {}
    compared = rng.permutation(count)[:_COMPARED]
    return _compare(
        folder,
        [paths[i] for i in measured_on[compared]],
        outcome.truth[compared],
        outcome.target,
        preprocess,
        run.machine.cores,
        deadline,
    ) | {"calibration_count": reader.given}


def _is_convolutional(model: Path) -> bool:
    nodes = onnx.load(str(model), load_external_data=False).graph.node
    return bool(sum(node.op_type == "Conv" for node in nodes) >= _LEAST_CONVOLUTIONS)


class _Reader(CalibrationDataReader):
    """Calibration pictures, a few at a time, until the time for them is over."""

    def __init__(self, paths: list[Path], preprocess: PicturePreprocess, deadline: float) -> None:
        self.given = 0
        self._paths = paths
        self._preprocess = preprocess
        self._deadline = deadline

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """See CalibrationDataReader."""
        if time.monotonic() > self._deadline and self.given >= _LEAST_CALIBRATION:
            return None
        part = self._paths[self.given : self.given + _AT_ONCE]
        self.given += len(part)
        return {"pixels": _pixels(part, self._preprocess)} if part else None


def _quantise(folder: Path, reader: _Reader) -> None:
    logging.getLogger().setLevel(logging.ERROR)
    model = normalised_in_rows(onnx.load(str(folder / ONNX_FILE)))
    # The child's own output is for events alone.
    with contextlib.redirect_stdout(io.StringIO()):
        quantize_static(
            model,
            str(folder / SERVING_COPY_FILE),
            reader,
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_OPERATORS,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            # The arithmetic before the first convolution is the normalisation.
            nodes_to_exclude=[node.name for node in before_convolutions(model) if node.name],
        )


def _compare(
    folder: Path,
    paths: list[Path],
    truth: NDArray[np.int64],
    target: Target,
    preprocess: PicturePreprocess,
    threads: int,
    deadline: float,
) -> dict[str, Any]:
    sessions = [open_session(folder / name, threads) for name in (ONNX_FILE, SERVING_COPY_FILE)]
    seconds = [0.0, 0.0]
    answers: tuple[list[Any], list[Any]] = ([], [])
    for start in range(0, len(paths), _AT_ONCE):
        if time.monotonic() > deadline:
            break
        pixels = _pixels(paths[start : start + _AT_ONCE], preprocess)
        for number, session in enumerate(sessions):
            begun = time.perf_counter()
            answers[number].append(target.decide(session.run(None, {"pixels": pixels})[0]))
            # The first runs allocate.
            seconds[number] += time.perf_counter() - begun if start else 0.0
    whole, copy = (np.concatenate(some) for some in answers)
    count = len(whole)
    agreement = float(target.right(copy, whole).mean())
    score, score_copy = (target.measure(truth[:count], some) for some in (whole, copy))
    return {
        "type": "int8",
        "kept": count >= _LEAST_COMPARED
        and agreement >= LEAST_AGREEMENT
        and score_copy.gain >= score.gain - MOST_SCORE_LOST,
        "count": count,
        "agreement": agreement,
        target.score: score_copy.value,
        f"{target.score}_whole": score.value,
        "speedup": round(seconds[0] / seconds[1], 2) if seconds[1] else None,
    }


def _pixels(paths: list[Path], preprocess: PicturePreprocess) -> NDArray[np.uint8]:
    """uint8 [n, S, S, 3]; what cannot be read is black, for both models alike."""
    found = np.zeros((len(paths), preprocess.crop, preprocess.crop, 3), np.uint8)
    for index, path in enumerate(paths):
        with contextlib.suppress(UnreadablePicture):
            found[index] = preprocess.load(path)
    return found
