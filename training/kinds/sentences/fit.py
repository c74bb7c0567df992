"""Trains a text classifier: vocabulary, n-grams, and a recurrent network or a pretrained encoder beside them."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.previous import Previous
from training.engine.memory import give_back
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts, Samples, check_classes
from training.ground.sources import sources_of
from training.kinds.sentences.alike.likeness import Likeness, compared
from training.kinds.sentences.catalog import NGRAMS, QUICK_WINDOW, is_quick
from training.kinds.sentences.encoders.specs import ENCODERS
from training.kinds.sentences.preprocess import pad
from training.kinds.sentences.sharing import encoder_of, keeping_ngrams, tokens_of, usual_parts
from training.kinds.sentences.tokens import Tokens
from training.targets.target import target_of

if TYPE_CHECKING:
    from torch import Tensor

    from training.evaluation.outcome import Early, Outcome
    from training.kinds.sentences.encoders.bert import Bert
    from training.kinds.sentences.ngram_fit import NGramFit, Texts
    from training.kinds.sentences.voting import VotingFit

_EXAMPLES = 32


def fit(
    recipe: Recipe,
    samples: Samples[str],
    run: Run,
    *,
    parts: Parts | None,
    prepared: Prepared,
    previous: Previous | None,
    early: "Early",
) -> "Outcome":
    """See `training.fit.fit`. Sentences are tokenised while torch is still being imported."""
    with run.phases.time("read"):
        check_classes(samples, "sentences", run.events)
        likeness = sources = None
        if parts is None:
            likeness = prepared.once("likeness", lambda: compared(samples.items, run.machine.cores))
            links = likeness.links
            sources = prepared.once("sources", lambda: sources_of(len(samples.items), links, samples.groups))
        give_back()
        chosen = parts or usual_parts(recipe, samples, prepared, previous, sources, run.machine.cores)
    encoder = None
    if recipe.model in ENCODERS:
        recipe, encoder = encoder_of(recipe, samples, prepared, run)
    with run.phases.time("tokenise"):
        tokens = tokens_of(recipe, samples, chosen, prepared, encoder, run.machine.cores)
        give_back()
    run.control.check()
    with run.phases.time("import"):
        import torch

        from training.engine.device import make_repeatable
        from training.kinds.sentences.ngram_fit import Texts
    make_repeatable(recipe.seed)
    torch.set_num_threads(run.machine.cores)
    run.events.phase("training", 0.1, 0.93)
    texts = Texts(
        rows=tokens.of_parts(chosen),
        labels=[samples.labels[part] for part in chosen],
        classes=len(samples.classes),
        vocabulary=tokens.vocabulary,
        facts=[part.tolist() for part in parts] if parts else [],
        once=keeping_ngrams(recipe, prepared, encoder is not None) if parts is None else None,
    )
    outcome = _Outcomes(recipe, samples, chosen, tokens, sources, likeness, prepared)
    if recipe.model == NGRAMS:
        return _fit_ngrams(recipe, texts, run, outcome)
    if encoder is not None:
        return _fit_encoder(recipe, encoder[0], texts, run, outcome, previous, early)
    return _fit_recurrent(recipe, texts, run, outcome, previous, early)


class _Outcomes:
    """Makes outcomes of one training: the last one, and the one that can be used meanwhile."""

    def __init__(
        self,
        recipe: Recipe,
        samples: Samples[str],
        parts: Parts,
        tokens: Tokens,
        sources: NDArray[np.int64] | None,
        likeness: Likeness | None,
        prepared: Prepared,
    ) -> None:
        self._recipe, self._samples, self._parts, self._tokens = recipe, samples, parts, tokens
        self._target = target_of(recipe.task, recipe.target)
        self._sources, self._likeness, self._prepared = sources, likeness, prepared

    def of(self, module: Any, **more: Any) -> "Outcome":
        """What is the same for all is filled in."""
        from training.evaluation.outcome import Outcome

        return Outcome(
            **{
                "recipe": self._recipe,
                "target": self._target,
                "samples": self._samples,
                "parts": self._parts,
                "sources": self._sources,
                "preprocess": self._tokens.preprocess,
                "module": module,
                "state": type(module).state_dict,
                "examples": pad(self._tokens.of(self._parts[1][:_EXAMPLES])),
                **more,
            }
        )

    def of_ngrams(self, fit: "NGramFit", **more: Any) -> "Outcome":
        """The n-grams alone."""
        from training.kinds.sentences.graphs import ngram_graph

        return self.of(
            fit.module,
            recipe=dataclasses.replace(self._recipe, model=NGRAMS),
            arguments=fit.module.arguments(),
            graph=ngram_graph,
            progress=fit.progress,
            deployed_count=fit.count,
            probabilities=self._target.probabilities(fit.scores).numpy(),
            choices=fit.choices,
            **more,
        )

    def of_votes(self, fit: "VotingFit", graph: Callable[[Any], Any], count: int, **more: Any) -> "Outcome":
        """A network and the n-grams that vote with it; it learned from `count` sentences."""
        return self.of(
            fit.module,
            arguments=fit.arguments,
            graph=graph,
            progress=fit.progress,
            deployed_count=count,
            probabilities=self._target.probabilities(fit.logits).numpy(),
            choices=fit.choices,
            measured=partial(graph, fit.measured) if fit.measured is not None else None,
            evidence=self.evidence(),
            **self.simpler(fit.embeddings),
            **more,
        )

    def encoded(self, encoder: "Bert", window: int, limit: int, *, is_original: bool) -> Any:
        """All sentences as an encoder gets them, which knows nothing of the classes if it `is_original`."""
        from training.kinds.sentences.encoders.encoded import Encoded
        from training.kinds.sentences.encoders.windows import length_read
        from training.kinds.sentences.left_out import looked_at

        labels = self._samples.labels
        is_asked = is_original and self._target.answers_one
        asked = looked_at(self._parts, self._recipe.seed) if is_asked else None
        lengths = self._tokens.rows.lengths
        length = length_read(lengths, window, limit)
        known = (self._recipe.model, window, length)
        is_shared = is_original and self._prepared.lasting
        return Encoded(
            encoder=encoder,
            window=window,
            length=length,
            once=partial(self._prepared.once, ("embeddings", *known)) if is_shared else None,
            latest=partial(self._prepared.latest, "states") if is_shared else None,
            rows=self._tokens.rows,
            labels=labels,
            parts=self._parts,
            embedded=asked,
        )

    def left_out(self, embeddings: "tuple[Tensor, Tensor] | None" = None) -> Any:
        """To see what becomes of sentences of unknown classes; `embeddings` are those of `looked_at`.

        None where samples have any number of labels: none of the classes is an answer like any other then.
        """
        if not self._target.answers_one:
            return None
        from training.kinds.sentences.left_out import SentencesLeftOut, looked_at

        parts = looked_at(self._parts, self._recipe.seed)
        return SentencesLeftOut.of(self._tokens, self._samples.labels, parts, self._target, embeddings)

    def simpler(self, embeddings: "tuple[Tensor, Tensor] | None" = None) -> dict[str, Any]:
        """Simpler models of the same features: to leave out classes, and to learn from fewer sentences."""
        from training.kinds.sentences.left_out import looked_at
        from training.kinds.sentences.reports.refits import SentenceRefits

        whole, seed = self.left_out(embeddings), self._recipe.seed
        parts, classes = looked_at(self._parts, seed), len(self._samples.classes)
        return {"leave_out": whole, "refits": SentenceRefits.of(whole, parts, classes, seed)}

    def evidence(self) -> Any:
        """For the audit."""
        from training.kinds.sentences.evidence import SentenceEvidence

        return SentenceEvidence.of(self._samples, self._parts, self._tokens, self._likeness)


def _fit_ngrams(recipe: Recipe, texts: "Texts", run: Run, outcome: _Outcomes) -> "Outcome":
    from training.kinds.sentences.ngram_fit import NGramFitting

    fit = NGramFitting(recipe, texts, run).with_events()
    # The features are gone.
    give_back()
    return _finished(fit, outcome)


def _finished(fit: "NGramFit", outcome: _Outcomes) -> "Outcome":
    from training.kinds.sentences.graphs import ngram_graph

    measured = partial(ngram_graph, fit.measured) if fit.measured is not None else None
    return outcome.of_ngrams(fit, measured=measured, evidence=outcome.evidence(), **outcome.simpler())


def _fit_encoder(
    recipe: Recipe,
    encoder: "Bert",
    texts: "Texts",
    run: Run,
    outcome: _Outcomes,
    previous: Previous | None,
    early: "Early",
) -> "Outcome":
    from training.kinds.sentences.encoders.classifier import EncoderClassifier
    from training.kinds.sentences.encoders.earlier import load_trained
    from training.kinds.sentences.encoders.fit import train_encoder
    from training.kinds.sentences.encoders.graph import encoder_graph
    from training.kinds.sentences.ngram_fit import NGramFit

    changed = None if previous is None else load_trained(encoder, previous, recipe.model, run.events)
    spec = ENCODERS[recipe.model]
    window, limit = spec.window, spec.limit
    if is_quick(recipe):
        window = limit = min(window, QUICK_WINDOW)
    encoded = outcome.encoded(encoder, window, limit, is_original=not changed)
    fit = train_encoder(recipe, encoded, texts, run, partial(_tell_early, outcome, early))
    if isinstance(fit, NGramFit):
        return _finished(fit, outcome)
    count = fit.count or len(texts.rows[0])
    assert isinstance(fit.module, EncoderClassifier)
    unlearned = fit.module.unlearned()
    if any(name.removeprefix("encoder.") in (changed or ()) for name in unlearned):
        # What an earlier training has learned is nobody else's, and goes with its model.
        unlearned = ()
    return outcome.of_votes(
        fit, encoder_graph, count, state=EncoderClassifier.small_state, unlearned=unlearned
    )


def _tell_early(outcome: _Outcomes, early: "Early", fit: "NGramFit") -> None:
    """The n-grams alone, for use until the network has learned."""
    if early is not None:
        early(outcome.of_ngrams(fit))


def _fit_recurrent(
    recipe: Recipe,
    texts: "Texts",
    run: Run,
    outcome: _Outcomes,
    previous: Previous | None,
    early: "Early",
) -> "Outcome":
    from training.kinds.sentences.graphs import blended_graph
    from training.kinds.sentences.recurrent_fit import train_recurrent

    fit = train_recurrent(recipe, texts, run, previous, partial(_tell_early, outcome, early))
    return outcome.of_votes(fit, blended_graph, len(texts.rows[0]))
