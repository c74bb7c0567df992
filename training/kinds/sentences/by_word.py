"""Takes very many sentences apart by looking each word up once: what a tokenizer makes of a sentence between blanks.

The result is the library's, id by id, for tokenizers that part at blanks before anything else; it takes a tenth of the
time.
"""

import json
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

from tokenizers import Tokenizer

from training.kinds.sentences.preprocess import UNKNOWN, TextPreprocess

_PARTING = {"WhitespaceSplit", "BertPreTokenizer"}
_SENTENCES_AT_ONCE, _MOST_KEPT = 10_000, 1_000_000
# Where there are fewer blanks than one in so many characters, what stands between them hardly comes again.
_LONGEST = 15
_LOOKED_AT = 1_000
Ids = Sequence[int]


def compact(preprocess: TextPreprocess, sentences: Sequence[str]) -> list[Ids]:
    """What `preprocess.ragged` gives, of very many sentences: at four bytes an id."""
    if pays(preprocess.tokenizer_json, sentences):
        return WordLookup(preprocess.tokenizer, preprocess.max_length, UNKNOWN).rows(sentences)
    found: list[Ids] = []
    # What the library makes of a sentence takes a hundred times its room.
    for first in range(0, len(sentences), _SENTENCES_AT_ONCE):
        some = sentences[first : first + _SENTENCES_AT_ONCE]
        found += [array("i", row) for row in preprocess.ragged(some)]
    return found


def pays(tokenizer_json: str, sentences: Sequence[str]) -> bool:
    """Whether the tokenizer parts at blanks first, and the sentences have enough of them."""
    step = json.loads(tokenizer_json)["pre_tokenizer"] or {}
    if (step.get("pretokenizers") or [step])[0].get("type") not in _PARTING:
        return False
    some = sentences[:: -(-len(sentences) // _LOOKED_AT) or 1]
    return sum(map(len, some)) < _LONGEST * (len(some) + sum(text.count(" ") for text in some))


class WordLookup:
    """The ids of sentences with a `tokenizer`, as its `encode_batch_fast` gives them, cut at `max_length`.

    An id 0, which only padding has, becomes `unknown`, and so does a sentence of nothing.
    """

    def __init__(self, tokenizer: Tokenizer, max_length: int, unknown: int) -> None:
        self._tokenizer, self._unknown = tokenizer, unknown
        bare, framed = (tokenizer.encode("a", add_special_tokens=special).ids for special in (False, True))
        at = next(place for place in range(len(framed)) if framed[place : place + len(bare)] == bare)
        self._before, self._behind = framed[:at], framed[at + len(bare) :]
        self._room = max_length - len(self._before) - len(self._behind)
        self._known: dict[str, Ids] = {"": ()}

    def rows(self, sentences: Sequence[str]) -> list[Ids]:
        """Of each sentence, at four bytes an id."""
        found: list[Ids] = []
        for first in range(0, len(sentences), _SENTENCES_AT_ONCE):
            found += self._some(sentences[first : first + _SENTENCES_AT_ONCE])
        return found

    def _some(self, sentences: Sequence[str]) -> list[Ids]:
        parted = [sentence.encode("utf-8", "replace").decode("utf-8").split(" ") for sentence in sentences]
        if len(self._known) > _MOST_KEPT:
            self._known = {"": ()}
        self._look_up(list(set(chain.from_iterable(parted)) - self._known.keys()))
        known = self._known.__getitem__
        rows: list[Ids] = []
        for parts in parted:
            ids = list(chain.from_iterable(map(known, parts)))[: self._room]
            rows.append(array("i", [*self._before, *ids, *self._behind] or [self._unknown]))
        return rows

    def _look_up(self, words: list[str]) -> None:
        found = self._tokenizer.encode_batch_fast(words, add_special_tokens=False)
        for word, encoding in zip(words, found, strict=True):
            self._known[word] = tuple(i or self._unknown for i in encoding.ids)


def counted_words(sentences: Sequence[str], normalizer: Any, pre_tokenizer: Any) -> Counter[str]:
    """How often each piece that these steps of a tokenizer make is there; the first step must part at blanks."""
    raw: Counter[str] = Counter()
    for sentence in sentences:
        raw.update(sentence.split(" "))
    found: Counter[str] = Counter()
    for word, count in raw.items():
        if word.isascii() and word.isalnum():
            found[word.lower()] += count
            continue
        whole = word.encode("utf-8", "replace").decode("utf-8")
        for piece, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(whole)):
            found[piece] += count
    return found
