"""The models that the benchmarks of serving use: trained once into a folder, then published to a site."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from benchmarks.site import DATA, ROOT
from benchmarks.training_runs import pictures_of, run_dir, train, unpack
from training.bundle.manifest import MANIFEST_FILE, ONNX_FILE, REPORT_FILE, Manifest, describe_files

_PICTURES, _SENTENCES = DATA / "images" / "hymenoptera-224", DATA / "text" / "trec6"
_TRAININGS = {
    "pictures": ("imageclassification", {"preset": "quick", "model": "mobilenet_v2", "serving_copy": True}),
    "ngrams": ("textclassification", {"preset": "quick"}),
    "lstm": ("textclassification", {"preset": "balanced", "model": "lstm", "epochs": 2}),
    "encoder": ("textclassification", {"preset": "quick", "model": "minilm"}),
}


def trained(work: Path, name: str) -> Path:
    """The bundle of "pictures", "ngrams", "lstm" or "encoder", trained when it is not there yet."""
    folder = work / name
    if (folder / "bundle" / MANIFEST_FILE).is_file():
        return folder / "bundle"
    if not _PICTURES.is_dir():
        raise SystemExit(f"There are no data sets in {DATA}: set FLASH_BENCH_DATA to their folder.")
    print(f"training the model {name} ...", flush=True)
    task, values = _TRAININGS[name]
    run_dir(folder, task, values)
    if name == "pictures":
        unpack(_PICTURES / "train.zip", folder / "data")
    else:
        (folder / "data").mkdir(exist_ok=True)
        shutil.copy(_SENTENCES / "train.csv", folder / "data" / "data.csv")
    train(folder)
    return folder / "bundle"


def photos(work: Path, count: int = 64) -> Path:
    """A folder of JPEG photos, 224 x 224."""
    folder = work / "photos"
    if not folder.is_dir():
        folder.mkdir(parents=True)
        found = zip(range(count), pictures_of(_PICTURES / "test.zip"), strict=False)
        for number, (_, _, data) in found:
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            side = min(picture.size)
            left, top = (picture.width - side) // 2, (picture.height - side) // 2
            square = picture.crop((left, top, left + side, top + side)).resize((224, 224))
            square.save(folder / f"{number:03}.jpg", quality=90)
    return folder


def questions(work: Path) -> Path:
    """A JSON file with a list of sentences."""
    import csv

    file = work / "sentences.json"
    with (_SENTENCES / "test.csv").open(encoding="utf-8", newline="") as rows:
        file.write_text(json.dumps([row["input"] for row in csv.DictReader(rows)]))
    return file


def slim(bundle: Path, folder: Path, *, extra: Sequence[str] = ()) -> Path:
    """A copy with what serving needs alone."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [ONNX_FILE, REPORT_FILE, *extra]
    for name in names:
        shutil.copy(bundle / name, folder / name)
    replace(Manifest.read(bundle), files=describe_files(folder, names)).write(folder)
    return folder


def publish(var_dir: Path, bundles: Sequence[Path]) -> list[str]:
    """The tokens of these bundles, published to the site whose var folder this is."""
    command = [sys.executable, "-m", "benchmarks.serving_models", *map(str, bundles)]
    environment = os.environ | {"FLASH_VAR_DIR": str(var_dir), "DJANGO_SETTINGS_MODULE": "flashsite.settings"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()


def _publish_here(bundles: Sequence[Path]) -> Iterator[str]:
    import django

    django.setup()
    from modelstore.bundles import store
    from modelstore.ground.tokens import digest, new_token

    for bundle in bundles:
        token = new_token()
        prefix = f"benchmarks/{token}/1"
        store.upload_bundle(folder=bundle, prefix=prefix)
        store.create_model(
            token_digest=digest(token),
            prefix=prefix,
            folder=bundle,
            task_name="benchmark",
            downloadable=False,
            pinned=True,
        )
        yield token


if __name__ == "__main__":
    for token in _publish_here([Path(argument) for argument in sys.argv[1:]]):
        print(token)
