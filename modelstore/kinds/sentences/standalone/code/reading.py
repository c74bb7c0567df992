import csv
import hashlib
import sys
from collections import Counter

import torch


# %% [markdown]
# ## The sentences
# A table with a header. `validation.csv` lists the sentences that Flash kept apart, by
# the SHA-256 of their words; the same ones are kept apart here.

# %%
torch.manual_seed(SEED)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
with open(DATA, encoding="utf-8-sig", newline="") as file:
    table = csv.DictReader(file, delimiter=DELIMITER)
    columns = table.fieldnames or []
    if TEXT not in columns or LABEL not in columns:
        raise SystemExit(f"{DATA} has the columns {columns}: set TEXT and LABEL.")
    rows = [((row[TEXT] or "").strip(), (row[LABEL] or "").strip()) for row in table]
samples = [(text, label) for text, label in rows if text and label in CLASSES]
if not samples:
    raise SystemExit(f"{DATA} has no rows with one of the labels {CLASSES}.")
texts = [text for text, _ in samples]
labels = torch.tensor([CLASSES.index(label) for _, label in samples])

with open(VALIDATION, encoding="utf-8", newline="") as file:
    # Where Flash measured in folds, the first is what this code measures on.
    rows = [row for row in csv.DictReader(file) if row.get("fold", "1") == "1"]
kept_apart = Counter((row["sha256"], row["label"]) for row in rows)
is_validation = torch.zeros(len(samples), dtype=torch.bool)
for number, (text, label) in enumerate(samples):
    words = " ".join(text.split()).encode("utf-8", "replace")
    key = hashlib.sha256(words).hexdigest(), label
    is_validation[number] = kept_apart[key] > 0
    kept_apart[key] -= kept_apart[key] > 0
train, validation = torch.where(~is_validation)[0], torch.where(is_validation)[0]
# if: class_weights
# Rare classes count as much as common ones.
counts = torch.bincount(labels[train], minlength=len(CLASSES)).clamp(min=1)
class_weights = counts.sum() / len(CLASSES) / counts
# end
# if: no_class_weights
class_weights = None
# end
