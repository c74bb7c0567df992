"""As many pictures as wanted, learned by preset Quick, beside decoding and the bare network for all of them."""

import io
import random
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.site import DATA
from benchmarks.training_runs import Trained, picture_sets, pictures_of, run_dir, train
from training.engine.device import choose_device
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.features import feature_extractor
from training.kinds.pictures.fit import side_for
from training.kinds.pictures.networks.graph import backbone_graph
from training.kinds.pictures.networks.vision import PictureClassifier
from training.kinds.pictures.preprocess import PicturePreprocess

_MODEL, _THREADS = "mobilenet_v2", 2
# Originals, of which halves are put together, and the size and quality of what is made of them: 40 kB each.
_ORIGINALS, _WIDTH, _HEIGHT, _QUALITY = 2_000, 400, 300, 88


def write_pictures(folder: Path, count: int) -> None:
    """JPEGs of halves of two pictures of the shared sets, in a folder for the class of the left one."""
    chance = random.Random(0)
    found = [
        (label, data)
        for name in picture_sets()
        for label, _, data in pictures_of(DATA / "images" / name / "train.zip")
    ]
    originals = []
    for label, data in chance.sample(found, min(_ORIGINALS, len(found))):
        picture = Image.open(io.BytesIO(data)).convert("RGB").resize((_WIDTH, _HEIGHT))
        originals.append((label, np.asarray(picture)))
    half = _WIDTH // 2
    for number in range(count):
        (label, left), (_, right) = chance.sample(originals, 2)
        target = folder / label / f"{number}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        whole = np.concatenate([left[:, :half], right[:, half:]], axis=1)
        Image.fromarray(whole).save(target, quality=_QUALITY)


def trained(folder: Path) -> Trained:
    """A training process on the pictures in `folder`/data."""
    return train(
        run_dir(folder, "imageclassification", {"preset": "quick", "model": _MODEL, "threads": _THREADS})
    )


def bare_seconds(folder: Path) -> float:
    """Decoding and the network alone, both on all cores, for the same pictures."""
    paths = sorted((folder / "data").glob("*/*.jpg"))
    side = side_for(_MODEL, paths)
    # Which weights it has is no matter of time.
    model = PictureClassifier(_MODEL, 2).eval()
    extract = feature_extractor(model, backbone_graph(model, side), choose_device("cpu"), _THREADS)
    started = time.monotonic()
    for _, pixels, _ in decode_in_chunks(paths, PicturePreprocess(side, side, whole=True), _THREADS):
        extract(pixels)
    return time.monotonic() - started
