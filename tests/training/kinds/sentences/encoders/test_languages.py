"""Sentences of other languages are not left to an encoder that knows English."""

import pytest

from tests.training.datasets import sentences, start, text_run_dir, told
from training.bundle.manifest import Manifest
from training.kinds.sentences.encoders.languages import knows, may_be_english
from training.kinds.sentences.encoders.specs import TOKENIZER_FILE
from training.train import train

ENGLISH = [sentence for sentence, _ in sentences()]
# Its words go on with pieces that the tokenizer of the tests has, too.
OTHER = ["weatherharbours schoolgardens", "breadcheesesoups marketvillages", "raintownsnow"]


@pytest.mark.parametrize("language", ["zh", "th"])
def test_other_scripts_are_seen_without_a_tokenizer(language):
    assert not may_be_english([sentence for sentence, _ in sentences(language)])


def test_english_may_have_letters_and_signs_of_others():
    assert may_be_english([*ENGLISH, "the café in Zürich 😀 12:30", "", "1234"])
    assert may_be_english(["", "12"])


def test_a_tokenizer_takes_other_languages_apart(encoder_folder):
    tokenizer = (encoder_folder / TOKENIZER_FILE).read_text()
    assert knows(tokenizer, ENGLISH)
    assert not knows(tokenizer, OTHER)
    assert not knows(tokenizer, ["ж ы", "ё"])
    assert knows(tokenizer, ["", " "])


def test_another_model_is_trained_instead_and_the_user_is_told(tmp_path, encoder_folder):
    run, stream = start(text_run_dir(tmp_path, "th", model="minilm"))
    train(run)
    assert Manifest.read(run.folder / "bundle").model == "bag_of_ngrams"
    words = "do not look English, the only language that MiniLM-L6 knows, so the Bag of n-grams was trained instead."
    assert any(event["message"].endswith(words) for event in told(stream, "warning"))
