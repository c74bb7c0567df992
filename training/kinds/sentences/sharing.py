"""What trainings on the same sentences share: an encoder, tokens, parts, n-grams."""

import copy
import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.previous import Previous
from training.evaluation.parts import choose_parts
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts, Samples
from training.kinds.sentences.catalog import without_encoder
from training.kinds.sentences.tokens import Tokens, tokenise_with
from training.kinds.sentences.wording import choose_tokens

if TYPE_CHECKING:
    from training.kinds.sentences.encoders.bert import Bert


def usual_parts(
    recipe: Recipe,
    samples: Samples[str],
    prepared: Prepared,
    previous: Previous | None,
    sources: NDArray[np.int64] | None,
    threads: int,
) -> Parts:
    """See `choose_parts`."""
    asked = (recipe.data_split, recipe.seed, previous.folder if previous else None)
    return prepared.once(("parts", *asked), lambda: choose_parts(samples, recipe, previous, threads, sources))


def encoder_of(
    recipe: Recipe, samples: Samples[str], prepared: Prepared, run: Run
) -> tuple[Recipe, "tuple[Bert, str] | None"]:
    """The recipe as it can be carried out, with the encoder and its tokenizer where it needs one."""
    from training.kinds.sentences.encoders.choosing import choose_encoder

    with run.phases.time("weights"):
        make = partial(choose_encoder, recipe, samples.items, run.events)
        if not prepared.lasting:
            return make()
        # What else a recipe says is nothing to the choice.
        asked = (recipe.model, recipe.model_chosen, recipe.freeze, recipe.preset)
        chosen, found = prepared.once(("encoder", *asked), make)
        if found is None:
            return without_encoder(recipe), None
        chosen = dataclasses.replace(recipe, model=chosen.model)
        # What learns is this training's own.
        return chosen, found if recipe.freeze else copy.deepcopy(found)


def tokens_of(
    recipe: Recipe,
    samples: Samples[str],
    parts: Parts,
    prepared: Prepared,
    encoder: "tuple[Bert, str] | None",
    threads: int,
) -> Tokens:
    """The sentences as the network reads them, or, without an `encoder`, as the training part's words have it."""
    if encoder is not None:
        _, tokenizer = encoder
        make = partial(tokenise_with, samples, tokenizer, recipe.max_length)
        return prepared.once(("tokens", recipe.model, recipe.max_length), make)
    sizes = recipe.vocabulary, recipe.max_length
    return prepared.once(("tokens", *sizes), lambda: choose_tokens(recipe, samples, parts[0], threads))


def keeping_ngrams(
    recipe: Recipe, prepared: Prepared, is_encoder: bool
) -> Callable[[str, Callable[[], Any]], Any] | None:
    """Keeps what is made of the n-grams of the usual parts for other trainings; None where there will be none."""
    if not prepared.lasting:
        return None
    pieces = recipe.model if is_encoder else recipe.vocabulary
    asked = (pieces, recipe.max_length, recipe.data_split, recipe.seed, recipe.class_weights)
    return lambda name, make: prepared.once((name, *asked), make)
