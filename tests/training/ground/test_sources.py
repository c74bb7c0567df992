"""Samples of one source are put together, and nothing else is."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.ground.source_words import few_words, source_words
from training.ground.sources import SAME, Links, sources_of
from training.ground.split import stratified_split


def links(*pairs: tuple[int, int], likeness: float = 0.9) -> Links:
    return Links(np.array(pairs, np.int64).reshape(-1, 2), np.full(len(pairs), likeness, np.float32))


def test_what_is_tied_together_is_one_source() -> None:
    assert sources_of(6, links((4, 1), (1, 5), (2, 3))).tolist() == [0, 1, 2, 2, 1, 1]


def test_given_groups_join_and_nothing_joins_what_has_none() -> None:
    assert sources_of(5, links((0, 1)), ["", "g", "", "g", ""]).tolist() == [0, 0, 1, 0, 2]


def test_likeness_does_not_chain_everything_into_one_giant() -> None:
    chain = [(i, i + 1) for i in range(299)]
    strong = np.array([0.99 if i % 3 else 0.8 for i, _ in chain], np.float32)
    found = sources_of(300, Links(np.array(chain), strong))
    assert np.bincount(found).max() <= 30


def test_equal_samples_stay_one_source_however_many_they_are() -> None:
    chain = [(i, i + 1) for i in range(299)]
    assert sources_of(300, links(*chain, likeness=SAME)).max() == 0


@given(
    st.lists(st.tuples(st.integers(0, 19), st.integers(0, 3)), min_size=1, max_size=120), st.integers(0, 99)
)
def test_no_source_is_on_both_sides_and_every_class_is_learned(
    rows: list[tuple[int, int]], seed: int
) -> None:
    sources = np.unique([source for source, _ in rows], return_inverse=True)[1]
    labels = np.array([label for _, label in rows])
    train, validation = stratified_split(labels, 0.75, seed, sources)
    assert sorted([*train, *validation]) == list(range(len(rows)))
    assert not set(sources[train]) & set(sources[validation])
    assert set(labels[train]) == set(labels)


def test_the_share_is_about_kept_with_sources() -> None:
    labels, sources = np.repeat([0, 1], 500), np.arange(1000) // 5
    train, _ = stratified_split(labels, 0.8, 0, sources)
    assert len(train) == pytest.approx(800, abs=10)


def test_a_source_larger_than_the_validation_part_is_learned_from() -> None:
    sources = np.concatenate([np.zeros(60, int), np.arange(1, 41)])
    train, validation = stratified_split(np.zeros(100, int), 0.8, 0, sources)
    assert 0 in sources[train] and 10 <= len(validation) <= 30


FOUND = {"count": 820, "samples": 4000, "shared": 0, "given": False, "accuracy_by_samples": 0.934}


def test_sources_are_told_in_sentences() -> None:
    told = source_words(FOUND, "accuracy", "picture", "pictures")
    assert told.startswith("4,000 pictures from 820 sources")
    assert "Split picture by picture, the accuracy would be said to be about 93.4 %." in told
    assert source_words(FOUND | {"count": 4000}, "accuracy", "picture", "pictures") == ""


def test_relatives_across_given_parts_are_told() -> None:
    told = source_words(FOUND | {"shared": 7, "given": True}, "accuracy", "picture", "pictures")
    assert "7 of the validation pictures have a relative in the training part" in told


def test_too_few_sources_are_told_in_a_sentence() -> None:
    told = few_words(1, 12, "accuracy", "picture", "pictures")
    assert told.startswith("The accuracy was measured on 12 pictures from 1 source: too few sources to say")
    assert "measured on 3 sentences: too few" in few_words(3, 3, "accuracy", "sentence", "sentences")


def test_groups_of_a_table_stay_on_one_side(tmp_path: Path) -> None:
    from tests.training.datasets import sentences, start, text_run_dir
    from training.train import train

    run_dir = text_run_dir(tmp_path, epochs=5)
    rows = [(text, label, f"{label} {i % 6}") for i, (text, label) in enumerate(sentences())]
    with (run_dir / "data/data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("input", "label", "group"), *rows])
    train(start(run_dir)[0])
    report = json.loads((run_dir / "bundle/report.json").read_text())
    assert report["sources"]["count"] <= 12 and report["sources"]["shared"] == 0
    listed = (run_dir / "bundle/validation.csv").read_text(encoding="utf-8").splitlines()
    measured = {row["source"] for row in csv.DictReader(listed)}
    groups = [
        {group for i, (_, _, group) in enumerate(rows) if (f"row {i + 2}" in measured) is side}
        for side in (True, False)
    ]
    assert groups[0] and not groups[0] & groups[1]
