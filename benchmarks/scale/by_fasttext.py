"""fastText from a table to a model file, in an environment of its own: by_fasttext.py TRAIN TEST FOLDER.

Prints JSON: accuracy on the test table, and the process's peak memory in MB up to the model file.
"""

import csv
import json
import re
import resource
import sys
from pathlib import Path

import fasttext

_WORDS = re.compile(r"\w+|[^\w\s]")


def rows(table: str) -> list[tuple[str, str]]:
    """(label, words with blanks between) of each row."""
    with open(table, encoding="utf-8", newline="") as file:
        return [
            (row["label"], " ".join(_WORDS.findall(row["input"].lower()))) for row in csv.DictReader(file)
        ]


def main(train: str, test: str, folder: Path) -> None:
    """See the module."""
    lines = folder / "lines.txt"
    with lines.open("w", encoding="utf-8") as file:
        for label, text in rows(train):
            file.write(f"__label__{label.replace(' ', '_')} {text}\n")
    model = fasttext.train_supervised(str(lines), epoch=5, wordNgrams=2, lr=0.5, thread=2, verbose=0)
    model.save_model(str(folder / "model.bin"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    asked = rows(test)
    right = sum(model.predict(text)[0][0] == f"__label__{label.replace(' ', '_')}" for label, text in asked)
    print(json.dumps({"accuracy": 100 * right / len(asked), "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
