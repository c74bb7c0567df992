"""Predicts with a bundle through onnxruntime, the way the web does; no torch needed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.bundle.manifest import ONNX_FILE, SERVING_COPY_FILE, BundleDamaged, Manifest
from training.bundle.preprocessing import OutOfTime, UnreadableInput, preprocessing_of


class OnnxClassifier:
    """A trained classifier, loaded from the folder of its bundle.

    `threads` bounds the cores of one prediction. With `copy` the 8-bit copy answers, where the bundle has one that was
    found to agree and the processor is made for it. The files are taken as they are: call `bundle.verify` first.
    Raises BundleDamaged when the folder holds no working model. Safe to use from several threads.
    """

    def __init__(self, folder: Path, threads: int = 1, *, copy: bool = False) -> None:
        self.manifest = Manifest.read(folder)
        self._threads = max(1, threads)
        try:
            self._preprocess = preprocessing_of(self.manifest, folder)
            name = served_file(self.manifest.files) if copy else ONNX_FILE
            self._session = open_session(folder / name, threads)
        except Exception as error:  # onnxruntime, tokenizers and OSError share no base class
            raise BundleDamaged(f"the model cannot be loaded: {type(error).__name__}") from error

    def predict(self, inputs: Sequence[Any], deadline: float = inf) -> NDArray[np.float32]:
        """Probabilities, float32 [N, C] in the order of `manifest.classes`, of encoded pictures or sentences.

        Raises UnreadableInput with the `index` of the first input that cannot be used, OutOfTime once
        `time.monotonic()` is beyond `deadline` and some are still to do.
        """
        found = np.zeros((len(inputs), len(self.manifest.classes)), np.float32)
        for places, batch in self._batches(inputs):
            if time.monotonic() > deadline:
                raise OutOfTime
            found[places] = self._run(batch)
        return found

    def _run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        (probabilities,) = self._session.run([self.manifest.output_name], {self.manifest.input_name: batch})
        return np.asarray(probabilities, dtype=np.float32)

    def _batches(self, inputs: Sequence[Any]) -> Iterator[tuple[list[int], NDArray[Any]]]:
        # One core gains nothing from more pictures at once, and a session keeps the buffers of the largest batch.
        batches = self._preprocess.batches(inputs, self._threads)
        while True:
            try:
                batch = next(batches, None)
            except ValueError as error:
                raise UnreadableInput(str(error), getattr(error, "index", None)) from error
            if batch is None:
                return
            yield batch


def served_file(files: Mapping[str, Any]) -> str:
    """The file of a bundle that is quickest here."""
    return SERVING_COPY_FILE if SERVING_COPY_FILE in files and quick_with_integers() else ONNX_FILE


@cache
def quick_with_integers() -> bool:
    """Whether this processor multiplies 8-bit integers faster than floats: VNNI or AMX, on ARM dot products."""
    try:
        words = set(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return False
    return bool(words & {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})


def open_session(model: Path | bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """An onnxruntime session on the CPU that uses `threads` cores while it runs and none in between."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads would otherwise spin and take the cores from whoever else needs them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Weights apart from the buffers, whose pool only grows: a session that goes gives them back.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
