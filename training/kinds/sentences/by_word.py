"""Takes very many sentences apart by looking each word up once: what a tokenizer makes of a sentence between blanks.

The result is the library's, id by id, for tokenizers that part at blanks before anything else; it takes a tenth of the
time.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.kinds.sentences.preprocess import UNKNOWN, TextPreprocess
from training.kinds.sentences.rows import Ids, Places, Rows, starts_of

_PARTING = {"WhitespaceSplit", "BertPreTokenizer"}
_SENTENCES_AT_ONCE, _MOST_KEPT = 10_000, 1_000_000
# Of fewer sentences Arrow saves less than loading it takes.
_MANY = 50_000
# Where there are fewer blanks than one in so many characters, what stands between them hardly comes again.
_LONGEST = 15
_LOOKED_AT = 1_000
# What the steps of a vocabulary of words make of ASCII: marks one by one, and what else stands between white space.
_ASCII_PIECES = re.compile(r"[!-/:-@\[-`{-~]|[^\t-\r !-/:-@\[-`{-~]+")


@dataclass(frozen=True, slots=True)
class Split:
    """Sentences split at blanks: the different `words`, and which of them each sentence has, by their places."""

    words: list[str]
    rows: Rows

    @classmethod
    def of(cls, sentences: Sequence[str], threads: int = 1) -> "Split":
        """Of all sentences."""
        numbers, parts = _Numbers(), _split_by_arrow if len(sentences) >= _MANY else _split
        found = []
        for names, words, counts in parts(sentences, threads):
            own = np.fromiter(map(numbers.__getitem__, names), np.int32, len(names))
            found.append((own[words], counts))
        return cls(list(numbers), _joined(found))


class _Numbers(dict[str, int]):
    """Numbers words from 0 in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


# Some sentences: the different words, which of them stand there one after another, and how many in each sentence.
_Part = tuple[list[str], Ids, Places]


def _split(sentences: Sequence[str], threads: int) -> Iterator[_Part]:
    for first in range(0, len(sentences), _SENTENCES_AT_ONCE):
        parted = [sentence.split(" ") for sentence in sentences[first : first + _SENTENCES_AT_ONCE]]
        numbers, counts = _Numbers(), np.fromiter(map(len, parted), np.int64, len(parted))
        found = map(numbers.__getitem__, chain.from_iterable(parted))
        words = np.fromiter(found, np.int32, int(counts.sum()))
        yield list(numbers), words, counts


def _split_by_arrow(sentences: Sequence[str], threads: int) -> Iterator[_Part]:
    """The same by Arrow, which takes a third of the time and lets other threads run, but long to load."""
    import pyarrow
    from pyarrow import compute

    def part(first: int) -> _Part:
        some = [_whole(sentence) for sentence in sentences[first : first + _MANY]]
        lists = compute.split_pattern(pyarrow.array(some, pyarrow.large_string()), " ")
        words = lists.values.dictionary_encode()
        counts = compute.list_value_length(lists).to_numpy()
        return words.dictionary.to_pylist(), words.indices.to_numpy(), counts.astype(np.int64)

    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(part, range(0, len(sentences), _MANY))


def compact(preprocess: TextPreprocess, sentences: Sequence[str], split: Split | None = None) -> Rows:
    """What `preprocess.ragged` gives, of very many sentences; `split` is theirs, where somebody has it already."""
    if pays(preprocess.tokenizer_json, sentences):
        lookup = WordLookup(preprocess.tokenizer, preprocess.max_length, UNKNOWN)
        return lookup.rows(sentences) if split is None else lookup.rows_of(split)
    # What the library makes of a sentence takes a hundred times its room.
    firsts = range(0, len(sentences), _SENTENCES_AT_ONCE)
    return Rows.joined(
        [Rows.of(preprocess.ragged(sentences[first : first + _SENTENCES_AT_ONCE])) for first in firsts]
    )


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
        self._room = max(0, max_length - len(self._before) - len(self._behind))

    def rows(self, sentences: Sequence[str]) -> Rows:
        """Of each sentence; never more than some words are kept."""
        numbers, known = _Numbers(), Rows.of([])
        found = []
        for names, words, counts in _split(sentences, 1):
            if len(numbers) > _MOST_KEPT:
                numbers, known = _Numbers(), Rows.of([])
            own = np.fromiter(map(numbers.__getitem__, names), np.int32, len(names))
            if len(numbers) > len(known):
                known = Rows.joined([known, self._look_up(list(islice(numbers, len(known), None)))])
            found.append(self._some(own[words], counts, known))
        return _joined(found)

    def rows_of(self, split: Split) -> Rows:
        """The same of sentences that were split before, for a tokenizer whose steps `counted_words` knows."""
        known, found = self._looked_up_plainly(split.words), []
        for first in range(0, len(split.rows), _SENTENCES_AT_ONCE):
            some = split.rows[first : first + _SENTENCES_AT_ONCE]
            found.append(self._some(some.ids, some.lengths, known))
        return _joined(found)

    def _look_up(self, words: Sequence[str]) -> Rows:
        """The ids of each word."""
        found = []
        for first in range(0, len(words), _SENTENCES_AT_ONCE):
            some = [_whole(word) for word in words[first : first + _SENTENCES_AT_ONCE]]
            encodings = self._tokenizer.encode_batch_fast(some, add_special_tokens=False)
            found.append(Rows.of([encoding.ids for encoding in encodings]))
        rows = Rows.joined(found)
        rows.ids[rows.ids == 0] = self._unknown
        return rows

    def _looked_up_plainly(self, words: Sequence[str]) -> Rows:
        """The same; of ASCII without special tokens, which stand in brackets, the library need not be asked."""
        ids, nothing = self._tokenizer.get_vocab(), self._unknown
        plain = [word.isascii() and "[" not in word for word in words]
        asked = iter(
            self._look_up([word for word, is_plain in zip(words, plain, strict=True) if not is_plain])
        )
        return Rows.of(
            [ids.get(piece, nothing) for piece in _ASCII_PIECES.findall(word.lower())]
            if is_plain
            else next(asked)
            for word, is_plain in zip(words, plain, strict=True)
        )

    def _some(self, words: Ids, counts: Places, known: Rows) -> tuple[Ids, Places]:
        """The ids of sentences with so many of the `words` each, which are places in `known`, and their lengths."""
        sizes = known.lengths[words]
        ends = np.concatenate([[0], sizes.cumsum()])[starts_of(counts)]
        lengths = np.minimum(np.diff(ends), self._room)
        body = known.take(words).ids
        if int(lengths.sum()) < len(body):
            body = body[np.arange(len(body)) - np.repeat(ends[:-1], np.diff(ends)) < self._room]
        before, behind = len(self._before), len(self._behind)
        framed = np.maximum(lengths + before + behind, 1)
        starts = starts_of(framed)
        ids = np.full(int(starts[-1]), self._unknown, np.int32)
        first = starts[:-1] + before - (lengths.cumsum() - lengths)
        ids[np.arange(len(body)) + np.repeat(first, lengths)] = body
        for place, one in enumerate(self._before):
            ids[starts[:-1] + place] = one
        for place, one in enumerate(self._behind):
            ids[starts[1:] - behind + place] = one
        return ids, framed


def counted_words(split: Split, normalizer: Any, pre_tokenizer: Any) -> Counter[str]:
    """How often each piece that these steps of a tokenizer make is there.

    The steps must part at blanks first and make of ASCII what `_ASCII_PIECES` does, in lower case.
    """
    counts: NDArray[np.int64] = np.bincount(split.rows.ids, minlength=len(split.words))
    found: Counter[str] = Counter()
    for word, count in zip(split.words, counts.tolist(), strict=True):
        if word.isascii():
            if word.isalnum():
                found[word.lower()] += count
            else:
                for piece in _ASCII_PIECES.findall(word.lower()):
                    found[piece] += count
            continue
        for piece, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(_whole(word))):
            found[piece] += count
    return found


def _whole(word: str) -> str:
    """Without halves of characters, which are none."""
    return word if word.isascii() else word.encode("utf-8", "replace").decode("utf-8")


def _joined(parts: list[tuple[Ids, Places]]) -> Rows:
    ids, lengths = zip(*parts, strict=True) if parts else ((), ())
    return Rows(
        np.concatenate([np.empty(0, np.int32), *ids]),
        starts_of(np.concatenate([np.empty(0, np.int64), *lengths])),
    )
