"""What a measurement says of samples that hang together: with each other, and with those of the training."""

import csv
import io
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image

from jobs.batches import runner
from modelstore.models import TrainedModel
from tests.jobs.batches.conftest import zipped
from tests.jobs.batches.test_evaluations import MOODS, measured, submit, table
from training.kinds.pictures import marks as picture_marks
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.alike.marks import marks_of

pytestmark = pytest.mark.django_db
Make = Callable[..., TrainedModel]


def test_samples_of_the_training_are_counted_and_left_out_beside(make_model: Make) -> None:
    model = make_model("text", marks=marks_of(["Great fun for all of us!", "lovely but we left early"]))
    found = measured(model, MOODS, "evening.csv").evaluation
    assert found is not None
    assert (found["count"], found["score"]["value"], found["seen"]["count"]) == (5, 0.8, 2)
    # The only wrong answer was among the two.
    assert found["seen"]["score"]["value"] == 1.0


def test_where_all_or_none_are_known_there_is_no_second_figure(make_model: Make) -> None:
    texts = [line.split(",")[0] for line in MOODS.splitlines()]
    found = measured(make_model("text", marks=marks_of(texts)), MOODS, "a.csv").evaluation
    assert found is not None and found["seen"] == {"count": 5, "score": None}
    found = measured(make_model("text", marks=marks_of(["nothing of that"])), MOODS, "a.csv").evaluation
    assert found is not None and found["seen"] == {"count": 0, "score": None}


def test_of_older_models_nothing_is_said(make_model: Make) -> None:
    found = measured(make_model("text"), MOODS, "a.csv").evaluation
    assert found is not None and found["seen"] is None and found["sources"] == 5


def test_damaged_marks_are_no_figure(make_model: Make) -> None:
    model = make_model("text", marks=marks_of(["x"]))
    Path(default_storage.path(f"{model.storage_prefix}/marks.npz")).write_bytes(b"something else")
    batch = measured(model, MOODS, "a.csv")
    assert (batch.status, batch.error) == ("failed", "The model's files are damaged.")


def test_near_duplicates_in_the_file_widen_the_interval(make_model: Make) -> None:
    random.seed(1)
    words = ["".join(random.choices(string.ascii_lowercase, k=6)) for _ in range(400)]
    texts = [
        " ".join([mood, *random.choices(words, k=9)]) for mood in ("great", "lovely", "awful", "fun") * 2
    ]
    truths = ["good", "good", "bad", "bad"] * 2
    many = "".join(
        f"{text} again{n},{label}\n" for text, label in zip(texts, truths, strict=True) for n in range(5)
    )
    fresh = "".join(
        f"{text.split()[0]} {' '.join(random.choices(words, k=9))},{label}\n"
        for text, label in zip(texts, truths, strict=True)
        for _ in range(5)
    )
    model, chosen = make_model("text"), {"input_column": "text", "label_column": "label"}
    copies = measured(model, f"text,label\n{many}", "a.csv", **chosen).evaluation
    apart = measured(model, f"text,label\n{fresh}", "a.csv", **chosen).evaluation
    assert copies and apart
    assert (copies["count"], copies["sources"], apart["sources"]) == (40, 8, 40)
    assert copies["score"]["value"] == apart["score"]["value"] == 0.75
    assert copies["score"]["low"] < apart["score"]["low"] - 0.1


def test_pictures_of_the_training_are_known(make_model: Make, tmp_path: Path) -> None:
    def shades(colour: int, seed: int) -> bytes:
        coarse = np.random.default_rng(seed).integers(0, 60, (6, 6, 3), dtype=np.uint8)
        coarse[..., colour] += 190
        buffer = io.BytesIO()
        Image.fromarray(coarse).resize((60, 60), Image.Resampling.BICUBIC).save(buffer, "PNG")
        return buffer.getvalue()

    learnt = [tmp_path / str(n) for n in range(2)]
    for seed, path in enumerate(learnt):
        path.write_bytes(shades(0, seed))
    described = Descriptors(2)
    for first, pixels, _ in decode_in_chunks(learnt, PicturePreprocess(16, 16), 1):
        described.add(first, pixels)
    model = make_model("image", marks=picture_marks.marks_of(described, np.arange(2)))
    files = {f"red/{n}.png": shades(0, n) for n in range(5)} | {
        f"blue/{n}.png": shades(2, n) for n in range(5)
    }
    batch = measured(model, zipped(files), "mine.zip")
    found = batch.evaluation
    assert found is not None, batch.error
    assert found["seen"]["count"] == 2 and found["seen"]["score"]["value"] == 1.0


def test_own_columns_stand_in_front_where_rows_are_left_out_and_classes_renamed(make_model: Make) -> None:
    rows = (
        'id,remark,mood,truth\n007,great fun,happy,x\n008,,happy,y\n009,awful,bad,"a, b"\n'
        "010,great fun,happy,=1+1\n011,so what,unsure,z\n012,boring,bad,\n"
    )
    batch = measured(
        make_model("text"),
        rows,
        "mine.csv",
        input_column="remark",
        label_column="mood",
        classes={"happy": "good", "unsure": ""},
    )
    assert batch.status == "done", batch.error
    head, *lines = table(batch)
    assert head[:7] == ["id", "remark", "mood", "truth", "measured_truth", "measured_right", "label"]
    assert [line[:6] for line in lines] == [
        ["007", "great fun", "happy", "x", "good", "yes"],
        ["009", "awful", "bad", "a, b", "bad", "yes"],
        ["010", "great fun", "happy", "=1+1", "good", "yes"],
        ["012", "boring", "bad", "", "bad", "yes"],
    ]


def test_a_label_of_ones_own_keeps_its_name(make_model: Make) -> None:
    rows = "text,label\ngreat fun,good\nawful,bad\nlovely,good\nboring,bad\n"
    head = table(measured(make_model("text"), rows, "a.csv"))[0]
    assert head[:5] == ["text", "label", "truth", "right", "predicted_label"]


def test_rows_of_several_files_keep_their_columns(make_model: Make) -> None:
    parts = {f"{name}.csv": f"text,label,note\ngreat {name},good,a\nawful {name},bad,b\n" for name in "xy"}
    batch = measured(make_model("text"), zipped({k: v.encode() for k, v in parts.items()}), "a.zip")
    assert batch.status == "done", batch.error
    head, *lines = table(batch)
    assert head[:5] == ["text", "label", "note", "truth", "right"]
    assert [line[:5] for line in lines] == [
        ["great x", "good", "a", "good", "yes"],
        ["awful x", "bad", "b", "bad", "yes"],
        ["great y", "good", "a", "good", "yes"],
        ["awful y", "bad", "b", "bad", "yes"],
    ]


def test_the_page_and_the_command_say_it(client: Any, make_model: Make, tmp_path: Path, capsys: Any) -> None:
    model = make_model("text", marks=marks_of(["lovely but we left early"]))
    batch = submit(model, MOODS, "evening.csv")
    assert runner.run_next()
    page = " ".join(client.get(f"/models/{model.token}/evaluations/{batch.token}/").content.decode().split())
    assert "1 sentence known from the training" in page and "Without it its accuracy is <b>100 %</b>" in page
    (tmp_path / "evening.csv").write_text(MOODS)
    call_command("predict", model.token, "--measure", str(tmp_path / "evening.csv"), "--label-column", "mood")
    assert "known from the training: 1; accuracy without these 100.0 %" in capsys.readouterr().out
    with (tmp_path / "evening-predictions.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file))[:2] == ["remark", "mood"]
