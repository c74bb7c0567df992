"""The sentences of a data set as token ids, and the vocabulary that was learned for them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.ground.samples import Parts, Samples
from training.kinds.sentences.by_word import Split, compact
from training.kinds.sentences.preprocess import TextPreprocess
from training.kinds.sentences.rows import Picked, Rows
from training.kinds.sentences.tokeniser import PIECES, Vocabulary, learn_pieces, learn_vocabulary

# Pairs of pieces: what an encoder's tokenizer splits is joined again.
_ORDER = 2


@dataclass(frozen=True, slots=True)
class Tokens:
    """`rows` are the ids of each sentence."""

    vocabulary: Vocabulary
    preprocess: TextPreprocess
    rows: Rows

    def of(self, part: NDArray[np.int64]) -> Rows:
        """The rows at these indices."""
        return self.rows.take(part)

    def keep(self, part: NDArray[np.int64]) -> "Tokens":
        """Of the sentences at these indices alone."""
        return Tokens(self.vocabulary, self.preprocess, self.of(part))

    def of_parts(self, parts: Parts) -> list[Picked]:
        """The rows of the training and of the validation part."""
        return [Picked(self.rows, part) for part in parts]


def tokenise(samples: Samples[str], vocabulary: int, max_length: int, threads: int = 1) -> Tokens:
    """Learn at most `vocabulary` ids, and cut sentences at `max_length` tokens.

    The vocabulary is learned from all sentences, but from no label: accuracy is measured all the same on what the
    model did not learn from, and the model that is shipped may know every word.
    """
    # Counting words and looking them up both begin by splitting the sentences.
    known: list[Split] = []

    def split() -> Split:
        known.append(Split.of(samples.items, threads))
        return known[0]

    learned = learn_vocabulary(samples.items, vocabulary, split)
    return _tokenised(learned, samples.items, max_length, *known)


def tokenise_in_pieces(sentences: Sequence[str], max_length: int) -> Tokens:
    """The same in pieces of words, of which there are few."""
    return _tokenised(learn_pieces(sentences), sentences, max_length)


def _tokenised(
    learned: Vocabulary, sentences: Sequence[str], max_length: int, split: Split | None = None
) -> Tokens:
    preprocess = TextPreprocess(learned.tokenizer_json, max_length)
    return Tokens(learned, preprocess, compact(preprocess, sentences, split))


def tokenise_with(samples: Samples[str], tokenizer_json: str, max_length: int) -> Tokens:
    """With the tokenizer of an encoder, whose pieces the n-grams are made of, too."""
    preprocess = TextPreprocess(tokenizer_json, max_length)
    vocabulary = Vocabulary(tokenizer_json, preprocess.size, _ORDER, PIECES)
    return Tokens(vocabulary, preprocess, compact(preprocess, samples.items))
