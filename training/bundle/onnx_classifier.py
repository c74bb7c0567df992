"""Predicts with a bundle through onnxruntime, the way the web does; no torch needed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.manifest import ONNX_FILE, SERVING_COPY_FILE, BundleDamaged, Manifest
from training.bundle.preprocessing import OutOfTime, UnreadableInput, preprocessing_of
from training.bundle.sessions import open_session
from training.bundle.shared_layers import open_layered


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
            # Bytes of that file that other models have in memory, too.
            self.shared_bytes = 0
            self._session: Any = self._open(folder / name)
        except Exception as error:  # onnxruntime, tokenizers and OSError share no base class
            raise BundleDamaged(f"the model cannot be loaded: {type(error).__name__}") from error

    def _open(self, path: Path) -> Any:
        layered = open_layered(path, self.manifest.input_name, self._threads)
        if layered is None:
            return open_session(path, self._threads)
        session, self.shared_bytes = layered
        return session

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
