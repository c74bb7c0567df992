"""Learns a vocabulary from the training sentences, for any script, as the JSON of the `tokenizers` library."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from training.kinds.sentences.by_word import Split, counted_words

UNKNOWN = "[UNK]"
SPECIAL = ["[PAD]", UNKNOWN, "[BOS]", "[EOS]"]
# Scripts written without spaces. A Chinese or Japanese character carries meaning, so each is a token; a Thai,
# Lao, Khmer or Burmese one is a letter, so frequent runs of them are learned (byte-pair encoding).
_CHARACTERS = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_HAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LETTERS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_SUBWORDS = 4_000
# Little text must not be learned by heart, whole phrases at a time.
_FEWEST_SUBWORDS, _CHARACTERS_A_SUBWORD = 30, 40
_LOOKED_AT = 2_000
# A word or piece that stands in the texts less often is unknown.
_LEAST_OFTEN = 2


# What ids stand for.
WORDS, CHARACTERS, PIECES = "words", "characters", "pieces"
# Few pieces of words, and long n-grams of them: measured with 500 to 12,000 on four languages of many word forms.
_PIECES, _PIECES_ORDER = 1_000, 4


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`tokenizer_json` for TextPreprocess, its number of ids, and the length of n-grams that suits the `unit`."""

    tokenizer_json: str
    size: int
    order: int
    unit: str


def learn_vocabulary(
    sentences: Sequence[str], size: int, split: Callable[[], Split] | None = None
) -> Vocabulary:
    """A vocabulary of at most `size` ids from `sentences`: words, characters or learned pieces, as the script asks.

    Lower case, NFKC; ids 0 to 3 are padding, unknown, begin and end. `split` gives the sentences split at blanks, if
    somebody needs that, too.
    """
    sample = "".join(sentences[:: max(1, len(sentences) // _LOOKED_AT)])
    visible = max(len(sample), 1)
    if len(_LETTERS.findall(sample)) > 0.1 * visible:
        return _in_pieces(sentences, min(size, _SUBWORDS), 2, [pre_tokenizers.WhitespaceSplit()])
    tokenizer = _steps(Tokenizer(models.WordLevel(unk_token=UNKNOWN)), [pre_tokenizers.WhitespaceSplit()])
    if len(_HAN.findall(sample)) > 0.3 * visible:
        trainer = trainers.WordLevelTrainer(
            vocab_size=size, min_frequency=_LEAST_OFTEN, special_tokens=SPECIAL, show_progress=False
        )
        tokenizer.train_from_iterator(sentences, trainer)
        return Vocabulary(tokenizer.to_str(), tokenizer.get_vocab_size(), 3, CHARACTERS)
    parted = split() if split else Split.of(sentences)
    counts = counted_words(parted, tokenizer.normalizer, tokenizer.pre_tokenizer)
    words = sorted((-count, word) for word, count in counts.items() if count >= _LEAST_OFTEN)
    kept = [word for _, word in words if word not in SPECIAL][: max(0, size - len(SPECIAL))]
    ids = {word: place for place, word in enumerate([*SPECIAL, *kept])}
    tokenizer.model = models.WordLevel(ids, unk_token=UNKNOWN)
    tokenizer.add_special_tokens(SPECIAL)
    return Vocabulary(tokenizer.to_str(), tokenizer.get_vocab_size(), 2, WORDS)


def learn_pieces(sentences: Sequence[str]) -> Vocabulary:
    """Pieces of words, for languages with many forms of each; the first of a word is marked."""
    marked = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    return _in_pieces(sentences, _PIECES, _PIECES_ORDER, marked)


def _in_pieces(sentences: Sequence[str], most: int, order: int, splits: list[Any]) -> Vocabulary:
    """By byte-pair encoding."""
    characters = sum(map(len, sentences))
    trainer = trainers.BpeTrainer(
        vocab_size=min(most, max(_FEWEST_SUBWORDS, characters // _CHARACTERS_A_SUBWORD)),
        min_frequency=_LEAST_OFTEN,
        special_tokens=SPECIAL,
        show_progress=False,
    )
    tokenizer = _steps(Tokenizer(models.BPE(unk_token=UNKNOWN)), splits)
    tokenizer.train_from_iterator(sentences, trainer)
    return Vocabulary(tokenizer.to_str(), tokenizer.get_vocab_size(), order, PIECES)


def _steps(tokenizer: Tokenizer, splits: list[Any]) -> Tokenizer:
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            *splits,
            pre_tokenizers.Punctuation("isolated"),
            pre_tokenizers.Split(Regex(_CHARACTERS), "isolated"),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 2), ("[EOS]", 3)]
    )
    return tokenizer
