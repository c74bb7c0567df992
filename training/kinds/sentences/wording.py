"""Chooses what sentences are taken apart into: whole words, or pieces of words where these tell the classes better.

Languages that build long words out of many parts have few words that come again, but parts that do.
"""

import numpy as np
from numpy.typing import NDArray

from training.ground.recipe import Recipe
from training.ground.samples import Samples
from training.kinds.sentences.preprocess import UNKNOWN
from training.kinds.sentences.rows import Rows
from training.kinds.sentences.tokeniser import WORDS
from training.kinds.sentences.tokens import Tokens, tokenise, tokenise_in_pieces

# Where fewer of the words than this stand in one sentence alone, pieces of them bring nothing.
_RARE = 0.03
# So many sentences to learn from are enough to see which is better, and this share of them to see it.
_LOOKED_AT, _HELD_OUT = 3_000, 0.2
_FEWEST = 40
# As ngram_fit's.
_STRENGTH = 0.1


def choose_tokens(recipe: Recipe, samples: Samples[str], part: NDArray[np.int64], threads: int = 1) -> Tokens:
    """The sentences in words or in pieces of words: whichever n-grams tell the classes of some of `part` better by.

    `part` are the indices to learn from; the labels of others are not looked at.
    """
    words = tokenise(samples, recipe.vocabulary, recipe.max_length, threads)
    if words.vocabulary.unit != WORDS or _rare(words.rows) < _RARE or len(part) < _FEWEST:
        return words
    some = np.random.default_rng(recipe.seed).permutation(part)[:_LOOKED_AT]
    texts, labels = [samples.items[i] for i in some], samples.labels[some]
    tried = [words.keep(some), tokenise_in_pieces(texts, recipe.max_length)]
    losses = [_held_out_loss(recipe, tokens, labels, len(samples.classes)) for tokens in tried]
    return tokenise_in_pieces(samples.items, recipe.max_length) if losses[1] < losses[0] else words


def _rare(rows: Rows) -> float:
    return int((rows.ids == UNKNOWN).sum()) / max(1, len(rows.ids))


def _held_out_loss(recipe: Recipe, tokens: Tokens, labels: NDArray[np.int64], classes: int) -> float:
    """Of n-grams that have learned from most of these sentences, on the others."""
    import torch

    from training.audit.suspects import fit_briefly
    from training.engine.linear import Labelled, measure
    from training.kinds.sentences.ngrams import NORM, NGramTable, SparseFeatures
    from training.targets.target import target_of

    # These products are too small to share, and cores that wait for each other take many times as long.
    torch.set_num_threads(1)
    cut, target = round(len(labels) * _HELD_OUT), target_of(recipe.task, recipe.target)
    parts = [(tokens.rows[part], torch.from_numpy(labels[part])) for part in (slice(cut, None), slice(cut))]
    table = NGramTable(parts[0][0], tokens.vocabulary.size + 1, tokens.vocabulary.order)
    learned, held_out = (Labelled(SparseFeatures(rows, table), truth, target) for rows, truth in parts)
    linear = fit_briefly(learned, classes, penalty=_STRENGTH / len(learned.labels) * NORM**2)
    return measure(linear, held_out)[0]
