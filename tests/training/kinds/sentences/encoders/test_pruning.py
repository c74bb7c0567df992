"""Of a large vocabulary a model keeps what its sentences and texts like them need."""

import pytest
from tokenizers import Tokenizer, models

from tests.training.datasets import sentences
from tests.training.tiny_encoder import TEXTS, unigram
from training.kinds.sentences.encoders import pruning
from training.kinds.sentences.encoders.hub_tokenizer import read_tokenizer
from training.kinds.sentences.encoders.pruning import frequent_scripts, needed

THAI, ENGLISH = ([text for text, _ in sentences(language)] for language in ("th", "en"))


@pytest.fixture
def large(monkeypatch):
    """A tokenizer of several languages that counts as large."""
    monkeypatch.setattr(pruning, "_LEAST_PIECES", 0)
    return unigram([*TEXTS, *THAI, *ENGLISH])


def pruned(tokenizer, texts, prefix=""):
    return read_tokenizer(tokenizer.to_str(), tokenizer.get_vocab_size(), prefix, texts)


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_sentences_are_cut_as_before(large, prefix):
    pieces = pruned(large, THAI, prefix)
    ours = Tokenizer.from_str(pieces.tokenizer_json)
    assert ours.get_vocab_size() == len(pieces.rows) < large.get_vocab_size()
    assert ours.token_to_id("<pad>") == 0 and ours.token_to_id("<mask>") == len(pieces.rows) - 1
    for text in THAI:
        assert [int(pieces.rows[i]) for i in ours.encode(text).ids] == large.encode(prefix + text).ids


def test_other_texts_lose_no_letter(large):
    ours, unknown = Tokenizer.from_str(pruned(large, THAI).tokenizer_json), large.token_to_id("<unk>")
    for text in [*TEXTS, *ENGLISH]:
        assert unknown not in large.encode(text).ids
        found = ours.encode(text)
        assert ours.token_to_id("<unk>") not in found.ids
        assert len(found.ids) >= len(large.encode(text).ids)
    longer = [text for text in ENGLISH if len(ours.encode(text).ids) > len(large.encode(text).ids)]
    assert longer


def test_a_vocabulary_of_usual_size_stays_whole():
    tokenizer = unigram(TEXTS)
    vocabulary = [("a", 0.0)] * 100
    assert len(needed(tokenizer, vocabulary, [])) == 100


def test_a_word_here_and_there_is_no_script():
    assert frequent_scripts(["今天天气" * 100, "ok"]) == {"CJK"}
    assert frequent_scripts(["今天 weather 12", ""]) == {"CJK", "LATIN"}
    assert frequent_scripts([]) == set()


def test_pieces_of_the_scripts_stay_and_of_latin_ones_those_that_may_be_of_the_language(monkeypatch):
    monkeypatch.setattr(pruning, "_LEAST_PIECES", 0)
    pieces = [
        "<unk>",
        "天气",
        "明年",
        "天ea",
        "руки",
        "er",
        "her",
        "\u2581the",
        "heather",
        "eather",
        "przez",
        "ё",
        "12",
        "\u2581here",
    ]
    vocabulary = [(piece, -float(place)) for place, piece in enumerate(pieces)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, 0))
    kept = {pieces[i] for i in needed(tokenizer, vocabulary, ["今天 weather", "then other"])}
    # No word begins with "he", and nowhere is "hea" or "天ea".
    assert kept == {"<unk>", "天气", "明年", "er", "her", "\u2581the", "eather", "ё", "12"}
