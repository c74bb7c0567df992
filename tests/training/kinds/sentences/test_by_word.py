"""Looking words up once gives what the tokenizers library gives, id by id."""

import json

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from tests.training.datasets import sentences
from tests.training.tiny_encoder import write_encoder
from training.kinds.sentences import by_word, tokeniser
from training.kinds.sentences.by_word import Split, compact, pays
from training.kinds.sentences.preprocess import TextPreprocess
from training.kinds.sentences.tokeniser import SPECIAL, learn_pieces, learn_vocabulary

ENGLISH = [text for text, _ in sentences("en")]
ODD = [
    "The Rain, FALLS on Ⅷ ﬁelds… don't!",
    "  tab\tand\u00a0blank\u3000wide\u200bzero ",
    "[PAD] in [UNK] the text[EOS]x",
    "ΟΔΟΣ İstanbul ẞ",
    "今天北京下大雨，rain 市场",
    "วันนี้ฝนตกที่ตลาด สวน",
    "😀 emoji 👩‍👩‍👧 $5+7^2`x`",
    "",
    " ",
    "a  b   c",
    "a\x1cb \x1f c\nd\re",
    "e \u0301 x\u0301 ¨ ´a",
    "word " * 100,
    "x" * 300,
    "\ud800 lone",
]


@pytest.fixture(params=["words", "pieces", "an encoder's"])
def tokenizer_json(request, tmp_path):
    if request.param == "words":
        return learn_vocabulary(ENGLISH, 500).tokenizer_json
    if request.param == "pieces":
        return learn_pieces(ENGLISH * 20).tokenizer_json
    write_encoder(tmp_path / "encoder")
    return (tmp_path / "encoder" / "tokenizer.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("length", [3, 20, 2000])
@pytest.mark.parametrize("kept", [0, 1_000_000])
def test_ids_are_those_of_the_library(tokenizer_json, length, kept, monkeypatch):
    monkeypatch.setattr(by_word, "_MOST_KEPT", kept)
    monkeypatch.setattr(by_word, "_SENTENCES_AT_ONCE", 4)
    asked = [*ODD, *ENGLISH[:30], *ODD]
    assert pays(tokenizer_json, asked)
    ours = TextPreprocess(tokenizer_json, length)
    assert [list(row) for row in compact(ours, asked)] == ours.ragged(asked)


@pytest.mark.parametrize("many", [0, 1_000_000], ids=["by Arrow", "by Python"])
@pytest.mark.parametrize("length", [3, 2000])
def test_sentences_split_before_have_the_same_ids(many, length, monkeypatch):
    monkeypatch.setattr(by_word, "_MANY", many or 1)
    monkeypatch.setattr(by_word, "_SENTENCES_AT_ONCE", 4)
    vocabulary = learn_vocabulary(ENGLISH, 500)
    asked = [*ODD, *ENGLISH[:30], *ODD, "[BOS]a b[PAD] a[b]c"]
    ours = TextPreprocess(vocabulary.tokenizer_json, length)
    found = compact(ours, asked, Split.of(asked, 2))
    assert [list(row) for row in found] == ours.ragged(asked)


def test_arrow_splits_as_python_does(monkeypatch):
    asked = [*ODD, *ENGLISH, *ODD]
    plain = Split.of(asked)
    monkeypatch.setattr(by_word, "_MANY", 5)
    found = Split.of(asked, 3)
    # Halves of characters are replaced either way, sooner or later.
    assert [word.encode("utf-8", "replace") for word in plain.words] == [
        word.encode() for word in found.words
    ]
    assert [list(row) for row in found.rows] == [list(row) for row in plain.rows]


def test_without_blanks_the_library_is_asked_itself(monkeypatch):
    chinese = [text * 3 for text, _ in sentences("zh")]
    vocabulary = learn_vocabulary(chinese, 500)
    assert not pays(vocabulary.tokenizer_json, chinese)
    monkeypatch.setattr(by_word, "_SENTENCES_AT_ONCE", 7)
    ours = TextPreprocess(vocabulary.tokenizer_json, 50)
    assert [list(row) for row in compact(ours, chinese)] == ours.ragged(chinese)


def test_a_tokenizer_that_joins_over_blanks_is_asked_itself():
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    assert not pays(tokenizer.to_str(), ENGLISH)
    assert not pays(Tokenizer(models.BPE()).to_str(), ENGLISH)


def test_the_vocabulary_is_what_the_library_would_learn():
    texts = [text for text in [*ENGLISH, *ODD, *ODD] if "\ud800" not in text]
    vocabulary = learn_vocabulary(texts, 60)
    tokenizer = tokeniser._steps(
        Tokenizer(models.WordLevel(unk_token="[UNK]")), [pre_tokenizers.WhitespaceSplit()]
    )
    trainer = trainers.WordLevelTrainer(
        vocab_size=60, min_frequency=2, special_tokens=SPECIAL, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    assert json.loads(vocabulary.tokenizer_json) == json.loads(tokenizer.to_str())
    assert vocabulary.size == tokenizer.get_vocab_size() == 60
