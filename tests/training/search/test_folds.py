"""Measured in folds: all samples count, each by a model that had not learned from it."""

import csv
import dataclasses
import io
import json
from typing import Any

import numpy as np
import pytest

from tests.training.datasets import picture_run_dir, start, text_run_dir, told
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.previous import Previous
from training.evaluation.outcome import Outcome
from training.evaluation.parts import choose_parts
from training.fit import fit
from training.ground.errors import Interrupted
from training.ground.events import Events
from training.kinds import load
from training.search import folds as folds_module
from training.search.folds import fit_in_folds
from training.train import train

LSTM = {
    "preset": "best",
    "model": "lstm",
    "hidden": 8,
    "embedding": 8,
    "epochs": 1,
    "networks": 1,
    "data_split": 0.5,
}


def samples_of(job: Any) -> Any:
    return load(job.recipe.kind.read)(job.data)


def in_folds(job: Any, **more: Any) -> Outcome:
    more = {"folder": job.folder, "control": job.control} | more
    return fit_in_folds(job.recipe, samples_of(job), job.machine, job.events, **more)


def report_of(job: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((job.folder / "bundle" / "report.json").read_text())
    return found


def listed(job: Any) -> list[dict[str, str]]:
    with (job.folder / "bundle" / "validation.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_sentence_is_answered_by_a_model_that_had_not_learned_from_it(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path, data_split=0.8))
    outcome = in_folds(job)
    assert outcome.folds is not None and outcome.fold_count == 5
    assert sorted(outcome.measured_on) == list(range(len(outcome.samples.items)))
    samples = samples_of(job)
    for fold in range(5):
        parts = np.flatnonzero(outcome.folds != fold), np.flatnonzero(outcome.folds == fold)
        alone = fit(job.recipe, samples, job.machine, Events(io.StringIO()), parts=parts)
        own = outcome.probabilities[np.isin(outcome.measured_on, parts[1])]
        assert own == pytest.approx(alone.probabilities, abs=0.02)


def test_what_comes_from_one_source_is_in_one_fold(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path, data_split=0.8))
    outcome = in_folds(job)
    assert outcome.folds is not None and outcome.sources is not None
    for source in np.unique(outcome.sources):
        assert len(np.unique(outcome.folds[outcome.sources == source])) == 1


def test_the_report_says_how_it_was_measured(tmp_path) -> None:
    job, events = start(text_run_dir(tmp_path, data_split=0.8))
    train(job, by=fit_in_folds)
    report, rows = report_of(job), listed(job)
    assert report["folds"] | {"first": None} == {"count": 5, "samples": 48, "of": 48, "first": None}
    assert report["val_count"] == len(rows) == sum(map(sum, report["confusion"])) == 48
    assert report["deployed_train_count"] == 48 and 36 <= report["train_count"] <= 40
    assert {row["fold"] for row in rows} == {"1", "2", "3", "4", "5"}
    right = sum(row["label"] == row["predicted"] for row in rows)
    assert report["accuracy"] == pytest.approx(right / 48, abs=1e-6)
    first = [row for row in rows if row["fold"] == "1"]
    assert report["folds"]["first"]["count"] == len(first)
    assert report["suspects"]["looked_at"] == 48
    assert any("had not learned from it (5 folds)" in event["message"] for event in told(events, "log"))


@pytest.mark.usefixtures("with_weights")
def test_pictures_are_decoded_once_and_one_that_cannot_be_read_is_in_no_fold(tmp_path) -> None:
    job, _ = start(picture_run_dir(tmp_path, 8, model="mobilenet_v3_small"))
    (job.data / "red" / "003.png").write_bytes(b"no picture")
    outcome = in_folds(job)
    assert outcome.folds is not None and len(outcome.folds) == len(outcome.samples.items) == 23
    assert outcome.fold_count == 5 and len(outcome.measured_on) == 23
    assert "red/003.png" not in {outcome.samples.places[i] for i in outcome.measured_on}


def test_parts_that_the_upload_names_are_kept_to(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path))
    samples = samples_of(job)
    splits = ["validation" if i % 4 == 0 else "train" for i in range(len(samples.items))]
    given = dataclasses.replace(samples, splits=splits)
    outcome = fit_in_folds(job.recipe, given, job.machine, job.events, folder=job.folder)
    assert outcome.folds is None
    assert outcome.parts[1].tolist() == [i for i, name in enumerate(splits) if name == "validation"]


def test_a_class_of_one_source_is_learned_from_and_never_measured(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path, data_split=0.8))
    with (job.data / "data.csv").open("a", encoding="utf-8") as file:
        file.write("the only one of its kind,odd\r\n")
    outcome = in_folds(job)
    assert outcome.folds is not None
    odd = outcome.samples.items.index("the only one of its kind")
    assert outcome.folds[odd] == -1 and odd not in outcome.measured_on


def test_time_that_is_over_leaves_the_folds_that_are_done(tmp_path, monkeypatch) -> None:
    job, _ = start(text_run_dir(tmp_path, data_split=0.8))
    calls = []

    def counted(*arguments: Any, **options: Any) -> Outcome:
        calls.append(1)
        outcome = fit(*arguments, **options)
        if len(calls) == 3:
            job.control.finish()
        return outcome

    monkeypatch.setattr(folds_module, "fit", counted)
    outcome = in_folds(job)
    # The third was asked to end while it learned.
    assert outcome.fold_count == 2 and len(calls) == 3
    assert len(outcome.measured_on) == len(outcome.probabilities) < len(outcome.samples.items)


def test_an_interrupted_measurement_goes_on_where_it_was(tmp_path, monkeypatch) -> None:
    job, _ = start(text_run_dir(tmp_path / "one", **LSTM | {"data_split": 0.75}))
    whole = in_folds(job)
    again, _ = start(text_run_dir(tmp_path / "two", **LSTM | {"data_split": 0.75}))
    calls: list[int] = []

    def counted(*arguments: Any, **options: Any) -> Outcome:
        if "choices" in options:
            calls.append(1)
            if len(calls) == 2:
                again.control.interrupt()
        return fit(*arguments, **options)

    monkeypatch.setattr(folds_module, "fit", counted)
    with pytest.raises(Interrupted):
        in_folds(again)
    later, _ = start(again.folder)
    calls[:] = [1, 1]
    outcome = in_folds(later)
    # Of three folds beside the first, one was done; at last a model learns from all samples.
    assert len(calls) == 2 + 3
    assert np.array_equal(outcome.probabilities, whole.probabilities)
    ours, theirs = (one.state(one.module) for one in (outcome, whole))
    assert all((ours[name] == theirs[name]).all() for name in theirs)


def test_progress_never_goes_back(tmp_path) -> None:
    job, events = start(text_run_dir(tmp_path, **LSTM))
    train(job, by=fit_in_folds)
    shares = [event["progress"] for event in told(events, "progress")]
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_a_network_learns_from_all_once_all_was_measured(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path, **LSTM))
    train(job, by=fit_in_folds)
    report = report_of(job)
    assert (report["train_count"], report["deployed_train_count"], report["folds"]["count"]) == (24, 48, 2)
    first = [row for row in listed(job) if row["fold"] == "1"]
    samples, folder = samples_of(job), job.folder / "bundle"
    sentence = dict(zip(samples.places, samples.items, strict=True))
    (folder / "model.onnx").write_bytes((folder / "measured.onnx").read_bytes())
    answers = OnnxClassifier(folder).predict([sentence[row["source"]] for row in first]).argmax(1)
    assert [samples.classes[answer] for answer in answers] == [row["predicted"] for row in first]


def test_a_network_whose_end_the_validation_part_decides_is_the_model(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path, **LSTM | {"early_stopping": 2}))
    outcome = in_folds(job)
    assert outcome.fold_count == 2 and outcome.deployed_count == len(outcome.parts[0])


def test_what_was_measured_in_folds_can_be_gone_on_from(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path / "earlier", data_split=0.8))
    train(job, by=fit_in_folds)
    later = text_run_dir(tmp_path / "later", data_split=0.8)
    (job.folder / "bundle").rename(later / "previous")
    run, _ = start(later)
    previous = Previous.of(run.folder)
    assert previous is not None and previous.in_folds and not previous.has_learned
    # One part measures what is new: it holds answers of models that had not learned from them.
    parts = choose_parts(samples_of(run), run.recipe, previous, 1)
    assert 0 < len(parts[1]) < len(parts[0])
    train(run, by=fit_in_folds)
    compared = report_of(run)["previous"]
    assert compared["samples"] == compared["same_samples"] == 48
    assert compared["before"] == compared["after"] == report_of(run)["accuracy"]


def test_more_data_after_one_part_is_compared_on_that_part(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path / "earlier", data_split=0.8))
    train(job)
    later = text_run_dir(tmp_path / "later", data_split=0.8)
    (job.folder / "bundle").rename(later / "previous")
    run, _ = start(later)
    train(run, by=fit_in_folds)
    report = report_of(run)
    assert report["folds"]["samples"] == 48
    assert (
        report["previous"]["samples"]
        == report["previous"]["same_samples"]
        == report["folds"]["first"]["count"]
    )


def test_an_earlier_head_is_gone_on_from_without_weights(tmp_path, with_weights, monkeypatch) -> None:
    job, _ = start(picture_run_dir(tmp_path / "earlier", 8, model="mobilenet_v3_small"))
    train(job, by=fit_in_folds)
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", str(tmp_path))
    later = picture_run_dir(tmp_path / "later", 8, model="mobilenet_v3_small")
    (job.folder / "bundle").rename(later / "previous")
    run, _ = start(later)
    train(run, by=fit_in_folds)
    report = report_of(run)
    assert report["folds"]["samples"] == 24
    assert report["previous"]["before"] == report["previous"]["after"]


@pytest.mark.usefixtures("with_weights")
def test_a_network_that_has_learned_is_not_gone_on_from_once_all_was_measured(tmp_path) -> None:
    values = {
        "preset": "best",
        "model": "mobilenet_v3_small",
        "epochs": 1,
        "batch_size": 8,
        "data_split": 0.5,
    }
    job, _ = start(picture_run_dir(tmp_path / "earlier", 4, **values))
    train(job, by=fit_in_folds)
    assert report_of(job)["folds"]["count"] == 2
    previous = Previous(job.folder / "bundle")
    assert previous.has_learned and previous.weights_file("mobilenet_v3_small") is None


def test_a_label_that_is_wrong_is_found_by_the_model_itself(tmp_path) -> None:
    job, _ = start(text_run_dir(tmp_path, data_split=0.8))
    table = job.data / "data.csv"
    table.write_text(
        table.read_text().replace("rain is falling on the hill,weather", "rain is falling on the hill,food")
    )
    train(job, by=fit_in_folds)
    examples = report_of(job)["suspects"]["examples"]
    assert "rain is falling on the hill" in " ".join(row["source"] for row in examples)
