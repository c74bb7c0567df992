"""Which encoder a training starts from: the one that the user chose, or one that knows the language and is there."""

import dataclasses
from collections.abc import Sequence

from training.engine.downloads import DIRECTORY_VARIABLE
from training.ground.events import Events
from training.ground.recipe import Recipe
from training.ground.samples import Samples
from training.kinds.sentences.catalog import QUICK_WINDOW, is_quick, title_of, without_encoder
from training.kinds.sentences.encoders.bert import Bert
from training.kinds.sentences.encoders.files import EncoderMissing, find_encoder
from training.kinds.sentences.encoders.languages import knows, may_know
from training.kinds.sentences.encoders.specs import ENCODERS, FILES, USUAL, EncoderSpec

# Of preset Quick an encoder as fast as MiniLM-L6 reads so many pieces at most, which takes two cores half a minute, and
# none that is larger is downloaded for it.
_QUICK_PIECES, _QUICK_DOWNLOAD_MB = 500_000, 150
_CHARACTERS_A_PIECE = 4


def choose_encoder(
    recipe: Recipe, sentences: Sequence[str], events: Events
) -> tuple[Recipe, tuple[Bert, str] | None]:
    """The recipe as it can be carried out, and the encoder with its tokenizer.json; None where none can be used.

    A model that the user chose stays, whatever the language; one that only the preset named may become another encoder.
    """
    spec = ENCODERS[recipe.model]
    if not recipe.model_chosen:
        return _suitable(recipe, (spec, *(other for other in USUAL if other is not spec)), sentences, events)
    try:
        found = find_encoder(spec, sentences, events)
    except EncoderMissing as missing:
        return _without(recipe, _words_of(spec, missing), events, spec)
    if not (may_know(spec, sentences) and knows(spec, found[1], sentences)):
        events.warning(
            f"The sentences do not look like a language that {spec.title} knows ({spec.languages}). It was trained "
            "all the same, because you chose it; another model may do better."
        )
    return recipe, found


def has_weights(model: str, samples: Samples[str], events: Events) -> bool:
    """See `Kind.has_weights`: whether a training of `model` could start from weights that know the language."""
    spec = ENCODERS.get(model)
    if spec is None:
        return True
    try:
        found = find_encoder(spec, samples.items, events) if may_know(spec, samples.items) else None
    except EncoderMissing:
        return False
    return found is not None and knows(spec, found[1], samples.items)


def _suitable(
    recipe: Recipe, specs: Sequence[EncoderSpec], sentences: Sequence[str], events: Events
) -> tuple[Recipe, tuple[Bert, str] | None]:
    """With the first of `specs` that is there, or can be had, and knows the language."""
    if is_quick(recipe):
        fast = [spec for spec in specs if _pieces(sentences) * spec.relative_cost <= _QUICK_PIECES]
        if not fast:
            return _too_many(recipe, specs[0], events)
        specs = fast
    wanted: EncoderSpec | None = None
    why = ""
    for spec in specs:
        if not may_know(spec, sentences):
            continue
        try:
            # Where one download fails, another takes as long to fail.
            is_small = not is_quick(recipe) or spec.download_mb <= _QUICK_DOWNLOAD_MB
            found = find_encoder(spec, sentences, events, may_download=wanted is None and is_small)
        except EncoderMissing as missing:
            if wanted is None:
                wanted, why = spec, _words_of(spec, missing)
            continue
        if knows(spec, found[1], sentences):
            if spec.name != recipe.model:
                events.log(f"{spec.title} reads the sentences: it knows {spec.languages}.")
            return dataclasses.replace(recipe, model=spec.name), found
    first = specs[0]
    if wanted is not first:
        language = f"The sentences do not look like a language that {first.title} knows ({first.languages})"
        why = f"{language}, and t{why[1:]}" if why else language
    return _without(recipe, why, events, wanted)


def _pieces(sentences: Sequence[str]) -> int:
    """About how many pieces an encoder reads of these sentences in preset Quick."""
    most = QUICK_WINDOW * _CHARACTERS_A_PIECE
    return sum(min(len(sentence), most) for sentence in sentences) // _CHARACTERS_A_PIECE


def _too_many(recipe: Recipe, spec: EncoderSpec, events: Events) -> tuple[Recipe, None]:
    other = without_encoder(recipe)
    events.log(
        f"These are more sentences than preset Quick lets {spec.title} read, so the {title_of(other.model)} was "
        "trained instead. Preset Balanced reads all."
    )
    return other, None


def _words_of(spec: EncoderSpec, missing: EncoderMissing) -> str:
    return f"The weights of {spec.title} were neither in {DIRECTORY_VARIABLE} nor could they be downloaded ({missing})"


def _without(recipe: Recipe, why: str, events: Events, wanted: EncoderSpec | None) -> tuple[Recipe, None]:
    other = without_encoder(recipe)
    put = ""
    if wanted is not None:
        put = f" Put the folder {wanted.folder} with {', '.join(FILES)} into {DIRECTORY_VARIABLE} and train again."
    events.warning(f"{why}, so the {title_of(other.model)} was trained instead.{put}")
    return other, None
