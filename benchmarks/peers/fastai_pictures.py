"""fastai's `fine_tune`, as its book does it: `python -m benchmarks.peers.fastai_pictures TRAIN OUT TEST EPOCHS`.

Run by a Python that has fastai; from the same weights and on the same split as Flash. It prints a JSON line when the
model is saved, and a second one with the accuracy on the folder TEST.
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from fastai.vision.all import (
    CategoryBlock,
    DataBlock,
    ImageBlock,
    IndexSplitter,
    Normalize,
    Resize,
    accuracy,
    aug_transforms,
    default_split,
    imagenet_stats,
    model_meta,
    parent_label,
    set_seed,
    vision_learner,
)
from torchvision import models

from training.ground.split import stratified_split

_SIDE, _BATCH, _WORKERS = 224, 32, 2


def mobilenet_v2(**_: Any) -> torch.nn.Module:
    """The network with the weights of FLASH_WEIGHTS_DIR; fastai would fetch its own."""
    model = models.mobilenet_v2()
    model.load_state_dict(torch.load(Path(os.environ["FLASH_WEIGHTS_DIR"]) / "mobilenet_v2.pth"))
    return model


def main(train_folder: Path, out: Path, test_folder: Path, epochs: int) -> None:
    """Train, save, then test."""
    warnings.simplefilter("ignore")
    set_seed(1)
    files = sorted(path for path in train_folder.rglob("*") if path.is_file())
    names = sorted({path.parent.name for path in files})
    labels = torch.tensor([names.index(path.parent.name) for path in files]).numpy()
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=lambda _: files,
        get_y=parent_label,
        splitter=IndexSplitter(stratified_split(labels, 0.8, 1)[1].tolist()),
        item_tfms=Resize(_SIDE),
        batch_tfms=[*aug_transforms(), Normalize.from_stats(*imagenet_stats)],
    )
    loaders = block.dataloaders(train_folder, bs=_BATCH, num_workers=_WORKERS)
    # The network ends in its one block of layers and the classifier: only the latter is cut off. `vision_learner`
    # does not pass its own argument `cut` on.
    model_meta[mobilenet_v2] = {"cut": -1, "split": default_split, "stats": imagenet_stats}
    learner = vision_learner(loaders, mobilenet_v2, metrics=accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(epochs)
    out.mkdir(parents=True, exist_ok=True)
    torch.save(learner.model.state_dict(), out / "model.pt")
    print(json.dumps({"saved": time.time()}), flush=True)
    tests = sorted(path for path in test_folder.rglob("*") if path.is_file())
    with learner.no_bar():
        scores, _ = learner.get_preds(dl=loaders.test_dl(tests))
    truth = torch.tensor([loaders.vocab.o2i[path.parent.name] for path in tests])
    print(json.dumps({"test": float((scores.argmax(1) == truth).float().mean())}), flush=True)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]), epochs=int(sys.argv[4]))
