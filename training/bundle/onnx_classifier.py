"""Predicts with a bundle through onnxruntime, the way the web does; no torch needed."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.bundle.manifest import ONNX_FILE, SERVING_COPY_FILE, BundleDamaged, Manifest
from training.kinds.pictures.preprocess import PicturePreprocess, UnreadablePicture
from training.kinds.sentences.preprocess import TextPreprocess, pad

_SENTENCES_AT_ONCE = 64


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
            self._preprocess = _preprocess(self.manifest, folder)
            name = served_file(self.manifest.files) if copy else ONNX_FILE
            self._session = open_session(folder / name, threads)
        except Exception as error:  # onnxruntime, tokenizers and OSError share no base class
            raise BundleDamaged(f"the model cannot be loaded: {type(error).__name__}") from error

    def predict(self, inputs: Sequence[bytes | str]) -> NDArray[np.float32]:
        """Probabilities, float32 [N, C] in the order of `manifest.classes`, of encoded pictures or sentences.

        Raises UnreadablePicture with the `index` of the first picture that cannot be used.
        """
        found = np.zeros((len(inputs), len(self.manifest.classes)), np.float32)
        if isinstance(self._preprocess, TextPreprocess):
            rows = self._preprocess.ragged([str(sentence) for sentence in inputs])
            # Sentences of one length together: the padding of the others would be computed, too.
            order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
            for start in range(0, len(order), _SENTENCES_AT_ONCE):
                places = order[start : start + _SENTENCES_AT_ONCE]
                found[places] = self._run(pad([rows[place] for place in places]))
            return found
        if len(inputs) == 1:
            return self._run(_load(self._preprocess, 0, inputs[0])[None])
        # One core gains nothing from more pictures at once, and a session keeps the buffers of the largest batch.
        for start in range(0, len(inputs), self._threads):
            part = inputs[start : start + self._threads]
            pixels = np.stack([_load(self._preprocess, start + i, source) for i, source in enumerate(part)])
            found[start : start + len(part)] = self._run(pixels)
        return found

    def _run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        (probabilities,) = self._session.run([self.manifest.output_name], {self.manifest.input_name: batch})
        return np.asarray(probabilities, dtype=np.float32)


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


def _preprocess(manifest: Manifest, folder: Path) -> PicturePreprocess | TextPreprocess:
    if manifest.preprocess.get("kind") == "text":
        return TextPreprocess.from_json(manifest.preprocess, folder)
    return PicturePreprocess.from_json(manifest.preprocess)


def _load(preprocess: PicturePreprocess, index: int, source: bytes | str) -> NDArray[np.uint8]:
    if isinstance(source, str):
        raise UnreadablePicture("it is text, not a picture", index)
    try:
        return preprocess.load(source)
    except UnreadablePicture as error:
        raise UnreadablePicture(error.reason, index) from error
