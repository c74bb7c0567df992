import csv
import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps


# %% [markdown]
# ## The pictures
# A folder with one folder per class. `validation.csv` lists the pictures that Flash
# kept apart, by the SHA-256 of their files; the same ones are kept apart here.


# %%
def read(path):
    """An upright picture, uint8 [SIDE, SIDE, 3]; None where it cannot be read."""
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except OSError:
        print(f"left out: {path} is not a picture that can be read")
        return None
    width, height = picture.size
    side, box = min(width, height), (0, 0, width, height)
    # The middle square; what is more than twice as long as wide is squeezed instead.
    if max(width, height) <= 2 * side:
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box))


torch.manual_seed(SEED)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
samples = []
for path in sorted(path for path in DATA.rglob("*") if path.is_file()):
    label = next((p for p in reversed(path.parts[:-1]) if p in CLASSES), None)
    if label is not None:
        samples.append((path, label))
if not samples:
    raise SystemExit(f"{DATA} has no folders with pictures named like {CLASSES}.")
with ThreadPoolExecutor() as pool:
    found = list(pool.map(read, [path for path, _ in samples]))
samples = [sample for sample, picture in zip(samples, found) if picture is not None]
pixels = torch.from_numpy(np.stack([p for p in found if p is not None]))
labels = torch.tensor([CLASSES.index(label) for _, label in samples])

with open(VALIDATION, encoding="utf-8", newline="") as file:
    # Where Flash measured in folds, the first is what this code measures on.
    rows = [row for row in csv.DictReader(file) if row.get("fold", "1") == "1"]
kept_apart = Counter((row["sha256"], row["label"]) for row in rows)
is_validation = torch.zeros(len(samples), dtype=torch.bool)
for number, (path, label) in enumerate(samples):
    key = hashlib.sha256(path.read_bytes()).hexdigest(), label
    is_validation[number] = kept_apart[key] > 0
    kept_apart[key] -= kept_apart[key] > 0
train, validation = torch.where(~is_validation)[0], torch.where(is_validation)[0]
