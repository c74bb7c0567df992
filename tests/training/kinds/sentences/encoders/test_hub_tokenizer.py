"""Tokenizers of the hub in the order that Flash wants: the same pieces under other ids."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer, processors

from tests.training.tiny_encoder import TEXTS, unigram
from training.kinds.sentences.encoders.bert import NotAnEncoder
from training.kinds.sentences.encoders.hub_tokenizer import read_tokenizer
from training.kinds.sentences.encoders.specs import TOKENIZER_FILE
from training.kinds.sentences.preprocess import PADDING, TextPreprocess

# Special tokens may be written into a text, and letters may be unknown.
WRITTEN = [*TEXTS, "<s> and <mask> and </s>", "ქართული ენა"]


@pytest.fixture(scope="module")
def original():
    return unigram(TEXTS)


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_texts_of_ten_scripts_have_the_pieces_of_the_library(original, prefix):
    count = original.get_vocab_size()
    pieces = read_tokenizer(original.to_str(), count, prefix, TEXTS)
    found = TextPreprocess(pieces.tokenizer_json, 1_000).ragged(WRITTEN)
    assert not any(PADDING in row for row in found)
    for text, row in zip(WRITTEN, found, strict=True):
        assert [int(pieces.rows[i]) for i in row] == original.encode(prefix + text).ids
    ours = Tokenizer.from_str(pieces.tokenizer_json)
    assert ours.token_to_id("<pad>") == PADDING and sorted(pieces.rows) == list(range(count))
    tokens = [original.id_to_token(int(old)) for old in pieces.rows]
    assert tokens == [ours.id_to_token(i) for i in range(count)]


def test_the_beginning_counts_for_the_longest_text(original):
    pieces = read_tokenizer(original.to_str(), original.get_vocab_size(), "query: ", TEXTS)
    (whole,), (cut,) = (TextPreprocess(pieces.tokenizer_json, n).ragged([TEXTS[0]]) for n in (100, 6))
    assert len(whole) > 6 == len(cut) and cut[:-1] == whole[:5] and cut[-1] == whole[-1]


def test_one_that_has_padding_first_stays_as_it_came(encoder_folder):
    text = (encoder_folder / TOKENIZER_FILE).read_text()
    size = Tokenizer.from_str(text).get_vocab_size()
    pieces = read_tokenizer(text, size, "", TEXTS)
    assert pieces.tokenizer_json == text and np.array_equal(pieces.rows, np.arange(size))


def test_a_table_of_words_may_be_a_little_longer(original):
    count = original.get_vocab_size()
    assert len(read_tokenizer(original.to_str(), count + 3, "", TEXTS).rows) == count


def without_padding(text):
    data = json.loads(text)
    data["added_tokens"] = [token for token in data["added_tokens"] if token["content"] != "<pad>"]
    data["model"]["vocab"][1][0] = "pad"
    return json.dumps(data)


def framed_otherwise(text):
    tokenizer = Tokenizer.from_str(text)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer.to_str()


@pytest.mark.parametrize(
    ("change", "vocabulary", "words"),
    [
        (lambda text: text, -1, r"its tokenizer has \d+ pieces and its table of words \d+"),
        (lambda text: text, 5_000, r"its tokenizer has \d+ pieces and its table of words 5,\d+"),
        (lambda text: text[:-50], 0, "is damaged"),
        (lambda text: "[]", 0, "is damaged"),
        (without_padding, 0, "no padding"),
        (framed_otherwise, 0, "frames texts by RobertaProcessing"),
    ],
)
def test_one_that_does_not_fit_is_refused(original, change, vocabulary, words):
    count = original.get_vocab_size() + vocabulary
    with pytest.raises(NotAnEncoder, match=words):
        read_tokenizer(change(original.to_str()), count, "", TEXTS)
