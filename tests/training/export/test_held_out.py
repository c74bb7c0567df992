"""A given test part is measured once, by the exported model, and nothing is learned from it."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.training.datasets import picture_run_dir, sentences, start, text_run_dir, told
from training.bundle.manifest import Manifest
from training.train import train


def with_parts(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    """The RUN_DIR of a table with these (sentence, label, part)."""
    run_dir = text_run_dir(folder, epochs=5)
    with (run_dir / "data/data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("input", "label", "split"), *rows])
    return run_dir


def report_of(run_dir: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((run_dir / "bundle/report.json").read_text())
    return report


def test_a_given_test_part_of_sentences_is_measured_and_its_words_stay_unknown(tmp_path: Path) -> None:
    rows = [
        (text, label, "validation" if i % 4 == 0 else "train") for i, (text, label) in enumerate(sentences())
    ]
    tests = [(f"{text} xylophone", label, "test") for text, label in sentences()[::3]]
    run_dir = with_parts(tmp_path, rows + tests)
    job, stream = start(run_dir)
    train(job)
    report = report_of(run_dir)
    assert (report["train_count"], report["val_count"], report["test"]["count"]) == (36, 12, 16)
    assert report["test"]["score"]["name"] == "accuracy"
    assert sum(map(sum, report["test"]["confusion"])) == 16
    assert "xylophone" not in (run_dir / "bundle/tokenizer.json").read_text()
    assert "xylophone" not in (run_dir / "bundle/validation.csv").read_text()
    tested = Manifest.read(run_dir / "bundle").tested()
    assert tested is not None and (tested[0].value, tested[1]) == (report["test"]["score"]["value"], 16)
    assert any("On the given test part (16 samples)" in event["message"] for event in told(stream, "log"))


def test_without_a_test_part_there_is_no_word_of_it(tmp_path: Path) -> None:
    run_dir = text_run_dir(tmp_path, epochs=5)
    train(start(run_dir)[0])
    assert "test" not in report_of(run_dir)
    assert "test" not in json.loads((run_dir / "bundle/model.json").read_text())


@pytest.mark.slow
def test_pictures_of_a_test_part_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    run_dir = picture_run_dir(tmp_path, 12, model="wavelets", pretrained=False)
    data = run_dir / "data"
    files = sorted(path.relative_to(data) for path in data.glob("*/*.png"))
    rows = [(file, file.parts[0], file, ["train", "test"][file.stem > "007"]) for file in files]
    shutil.copy(data / "red/000.png", data / "red/x.png")
    (data / "red/x.png").write_bytes(b"no picture")
    rows.append((Path("red/x.png"), "red", Path("red/x.png"), "test"))
    with (data / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file", "label", "source", "split"), *rows])
    train(start(run_dir)[0])
    report = report_of(run_dir)
    assert report["train_count"] + report["val_count"] == 24
    assert (report["test"]["count"], report["test"]["left_out"]) == (12, 1)
