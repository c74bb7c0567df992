"""A plain loop to compare with, the way tutorials write it: `python -m benchmarks.plain_pictures TRAIN OUT TEST`.

torchvision's ImageFolder and DataLoader, MobileNet V2 with a frozen backbone, ten epochs of Adam. It prints a JSON
line when everything is saved, and a second one with the accuracy on the folder TEST.
"""

import copy
import json
import os
import sys
import time
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, models, transforms

from training.ground.split import stratified_split

EPOCHS, BATCH, RATE, WORKERS = 10, 32, 1e-3, 2
_NORMALISE = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
_TRAIN = transforms.Compose(
    [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.ToTensor(), _NORMALISE]
)
_TEST = transforms.Compose(
    [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(), _NORMALISE]
)


def main(train_folder: Path, out: Path, test_folder: Path) -> None:
    """Train, save, export, then test."""
    torch.manual_seed(1)
    train, validation = _loaders(train_folder)
    classes = len(train.dataset.dataset.classes)  # type: ignore[attr-defined]
    model = models.mobilenet_v2()
    model.load_state_dict(torch.load(Path(os.environ["FLASH_WEIGHTS_DIR"]) / "mobilenet_v2.pth"))
    for parameter in model.features.parameters():
        parameter.requires_grad = False
    model.classifier[1] = nn.Linear(model.last_channel, classes)
    optimizer = torch.optim.Adam(model.classifier.parameters(), lr=RATE)
    best, best_state = -1.0, model.state_dict()
    for epoch in range(EPOCHS):
        model.train()
        for pictures, labels in train:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(pictures), labels).backward()
            optimizer.step()
        accuracy = _accuracy(model, validation)
        print(f"epoch {epoch + 1}: {accuracy:.4f}", file=sys.stderr, flush=True)
        if accuracy > best:
            best, best_state = accuracy, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_state)
    out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), out / "model.pt")
    example = torch.zeros(1, 3, 224, 224)
    warnings.simplefilter("ignore")
    torch.onnx.export(model.eval(), (example,), str(out / "model.onnx"), dynamo=False)
    print(json.dumps({"saved": time.time(), "validation": best}), flush=True)
    test = DataLoader(datasets.ImageFolder(test_folder, _TEST), batch_size=BATCH, num_workers=WORKERS)
    print(json.dumps({"test": _accuracy(model, test)}), flush=True)


def _loaders(folder: Path) -> tuple[DataLoader, DataLoader]:
    """The same split as Flash's own."""
    train_set, test_set = datasets.ImageFolder(folder, _TRAIN), datasets.ImageFolder(folder, _TEST)
    parts = stratified_split(torch.tensor(train_set.targets).numpy(), 0.8, 1)
    return (
        DataLoader(Subset(train_set, parts[0].tolist()), BATCH, shuffle=True, num_workers=WORKERS),
        DataLoader(Subset(test_set, parts[1].tolist()), BATCH, num_workers=WORKERS),
    )


@torch.no_grad()
def _accuracy(model: nn.Module, loader: DataLoader) -> float:
    model.eval()
    right = total = 0
    for pictures, labels in loader:
        right += int((model(pictures).argmax(1) == labels).sum())
        total += len(labels)
    return right / total


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
