"""What all peers serve: the same model.onnx behind the same decoding, one thread each."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from training.bundle.manifest import ONNX_FILE, Manifest
from training.kinds.pictures.preprocess import PicturePreprocess


class Classifier:
    """Labels of one encoded picture, as Flash answers them."""

    def __init__(self) -> None:
        bundle = Path(os.environ["PEER_BUNDLE"])
        self._manifest = Manifest.read(bundle)
        self._preprocess = PicturePreprocess.from_json(self._manifest.preprocess)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(bundle / ONNX_FILE), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, picture: bytes) -> dict[str, Any]:
        pixels = self._preprocess.load(picture)[None]
        (found,) = self._session.run([self._manifest.output_name], {self._manifest.input_name: pixels})
        best = np.argsort(-found[0])[:5]
        top = [{"label": self._manifest.classes[i], "probability": float(found[0][i])} for i in best]
        return {"predictions": [{**top[0], "top": top}]}
