"""Trainings of an encoder tell what belongs to none of the classes."""

import pytest

from tests.training.datasets import start, text_run_dir
from tests.training.kinds.sentences.test_left_out import check_that_it_tells, sentences, trained, write_rows
from training.kinds.sentences.left_out import SentencesLeftOut
from training.train import train

BALANCED = {"model": "minilm", "preset": "balanced", "epochs": 1}


@pytest.mark.parametrize("values", [{"model": "minilm", "preset": "quick"}, BALANCED], ids=str)
def test_a_training_finds_the_threshold_and_what_it_catches(tmp_path, encoder_folder, values):
    check_that_it_tells(*trained(tmp_path, sentences(), data_split=0.8, **values))


def test_an_encoder_that_has_learned_the_classes_is_not_asked(tmp_path, encoder_folder, monkeypatch):
    """Its embeddings know what they are said not to know."""
    made = []
    of = SentencesLeftOut.of

    def note(tokens, labels, parts, target, embeddings=None):
        made.append(embeddings)
        return of(tokens, labels, parts, target, embeddings)

    monkeypatch.setattr(SentencesLeftOut, "of", note)
    folder, _ = trained(tmp_path / "one", sentences(), **BALANCED)
    run_dir = text_run_dir(tmp_path / "two", **BALANCED)
    write_rows(run_dir, sentences())
    folder.rename(run_dir / "previous")
    train(start(run_dir)[0])
    assert [embeddings is None for embeddings in made] == [False, True]
