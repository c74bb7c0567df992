"""Which languages an encoder knows, by letters and by the pieces that its tokenizer makes."""

import pytest
from tokenizers import Tokenizer

from tests.training.datasets import sentences
from tests.training.tiny_encoder import TEXTS, unigram
from training.kinds.sentences.encoders.languages import knows, may_know
from training.kinds.sentences.encoders.specs import ENCODERS, TOKENIZER_FILE

MINILM, E5, GRANITE = (ENCODERS[name] for name in ("minilm", "multilingual_e5", "granite_multilingual"))
ENGLISH = [sentence for sentence, _ in sentences()]
CHINESE, THAI = ([sentence for sentence, _ in sentences(language)] for language in ("zh", "th"))
# Its words go on with pieces that the tokenizer of the tests has, too.
OTHER = ["weatherharbours schoolgardens", "breadcheesesoups marketvillages", "raintownsnow"]


@pytest.mark.parametrize(
    ("spec", "known", "unknown"),
    [
        (MINILM, [ENGLISH], [CHINESE, THAI]),
        (GRANITE, [ENGLISH, CHINESE, ["الثعلب", "빠른", "素早いキツネー"]], [THAI]),
    ],
)
def test_other_scripts_are_seen_without_a_tokenizer(spec, known, unknown):
    assert all(may_know(spec, texts) for texts in known)
    assert not any(may_know(spec, texts) for texts in unknown)
    assert all(may_know(E5, texts) for texts in (*known, *unknown))


def test_english_may_have_letters_and_signs_of_others():
    assert may_know(MINILM, [*ENGLISH, "the café in Zürich 😀 12:30", "", "1234"])
    assert may_know(MINILM, ["", "12"])


def test_a_tokenizer_of_one_language_takes_others_apart(encoder_folder):
    tokenizer = (encoder_folder / TOKENIZER_FILE).read_text()
    assert knows(MINILM, tokenizer, ENGLISH)
    assert not knows(MINILM, tokenizer, OTHER)
    assert not knows(MINILM, tokenizer, ["ж ы", "ё"])
    assert knows(MINILM, tokenizer, ["", " "])


def test_a_tokenizer_of_many_languages_lacks_letters_of_others():
    tokenizer = unigram(TEXTS)
    assert isinstance(tokenizer, Tokenizer)
    assert knows(E5, tokenizer.to_str(), TEXTS)
    assert not knows(E5, tokenizer.to_str(), ["ქართული ენა არის ლამაზი"])
