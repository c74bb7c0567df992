"""Trains a text classifier: vocabulary, n-grams or a recurrent network."""

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.previous import Previous
from training.evaluation.parts import choose_parts
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts, Samples, check_classes
from training.kinds.sentences.catalog import NGRAMS
from training.kinds.sentences.likeness import sentence_sources
from training.kinds.sentences.preprocess import pad
from training.kinds.sentences.tokens import Tokens, tokenise
from training.targets.target import target_of

if TYPE_CHECKING:
    from training.evaluation.outcome import Early, Outcome
    from training.kinds.sentences.ngram_fit import NGramFit, Texts

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
    """See `training.train.fit`. Sentences are tokenised while torch is still being imported."""
    with run.phases.time("read"):
        check_classes(samples, "sentences", run.events)
        sources = None
        if parts is None:
            cores = run.machine.cores
            sources = prepared.once("sources", lambda: sentence_sources(samples, cores))
        chosen = parts or choose_parts(samples, recipe, previous, run.machine.cores, sources)
    with run.phases.time("tokenise"):
        sizes = recipe.vocabulary, recipe.max_length
        tokens = prepared.once(("tokens", *sizes), lambda: tokenise(samples, *sizes))
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
    )
    outcome = _Outcomes(recipe, samples, chosen, tokens, sources)
    if recipe.model == NGRAMS:
        return _fit_ngrams(recipe, texts, run, outcome)
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
    ) -> None:
        self._recipe, self._samples, self._parts, self._tokens = recipe, samples, parts, tokens
        self._target = target_of(recipe.task)
        self._sources = sources

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
            **more,
        )

    def evidence(self) -> Any:
        """For the audit."""
        from training.kinds.sentences.evidence import SentenceEvidence

        return SentenceEvidence.of(self._samples, self._parts, self._tokens)


def _fit_ngrams(recipe: Recipe, texts: "Texts", run: Run, outcome: _Outcomes) -> "Outcome":
    from training.kinds.sentences.graphs import ngram_graph
    from training.kinds.sentences.ngram_fit import NGramFitting

    fit = NGramFitting(recipe, texts, run).with_events()
    measured = partial(ngram_graph, fit.measured) if fit.measured is not None else None
    return outcome.of_ngrams(fit, measured=measured, evidence=outcome.evidence())


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

    def early_ngrams(fit: "NGramFit") -> None:
        """The n-grams alone, for use until the network has learned."""
        if early is not None:
            early(outcome.of_ngrams(fit))

    fit = train_recurrent(recipe, texts, run, previous, early_ngrams)
    return outcome.of(
        fit.module,
        arguments=fit.arguments,
        graph=blended_graph,
        progress=fit.progress,
        deployed_count=len(texts.rows[0]),
        probabilities=target_of(recipe.task).probabilities(fit.logits).numpy(),
        measured=partial(blended_graph, fit.measured) if fit.measured is not None else None,
        evidence=outcome.evidence(),
    )
