"""Fits the linear model over n-grams: measured on the validation part, then learned again from all sentences."""

import copy
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.engine.checkpoint import Checkpoint, fingerprint
from training.engine.lbfgs import Descent
from training.engine.linear import Labelled, Linear, fit_linear, measure, refit
from training.engine.loop import restore, snapshot
from training.engine.progress import Progress
from training.ground.epochs import EpochFigures
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.kinds.sentences.ngrams import NORM, NGramClassifier, NGramTable, SparseFeatures
from training.kinds.sentences.occurrences import Counted, Joined, Occurrences
from training.kinds.sentences.rows import Picked, Rows
from training.kinds.sentences.tokeniser import Vocabulary
from training.score import SCORES
from training.targets.target import target_of

# The usual strengths (C = 10 and 33 for vectors of length one): little is gained beyond either.
_STRONG, _WEAK = 0.1, 0.03
# What the validation part chose of these.
STRENGTH = "ngram_strength"
# The features of more sentences than these take too much memory to keep them for other trainings.
_FEW_ENOUGH_TO_KEEP = 20_000
# Multiplications in a product with the features.
_WORK_A_THREAD = 4_000_000
# Of more sentences than these the features lie closer, and a fit goes as far as it tells on other sentences: decision
# 098. Longer n-grams are known that one in so many sentences has, and so many weights at most.
MANY = 200_000
_ONE_IN, _MOST_WEIGHTS = 180_000, 20_000_000
_NEAR_ENOUGH, _HISTORY, _BEND = 3e-3, 5, 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """Tokenised sentences of the training and the validation part with their classes, int64 [N].

    `facts` are for the fingerprints of checkpoints. `once`, where several trainings share it, keeps what is made of
    them, by its name.
    """

    rows: Sequence[Rows | Picked]
    labels: Sequence[NDArray[np.int64]]
    classes: int
    vocabulary: Vocabulary
    facts: Sequence[Any] = ()
    once: Callable[[str, Callable[[], Any]], Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NGramFit:
    """`module` learned from `count` sentences; `scores` [N, C] of the validation part by a model without it.

    That model is `measured`, None if it is `module` itself. `choices` is what the validation part chose. More `threads`
    would have no work (they would wait for each other, which costs far more than they save).
    """

    module: NGramClassifier
    count: int
    scores: Tensor
    progress: Progress
    measured: NGramClassifier | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1


def ngrams_beside(recipe: Recipe, texts: Texts, run: Run) -> NGramFit:
    """The n-grams as part of another model; a copy, for that gives each part its vote, where others may ask again."""

    def make() -> NGramFit:
        return NGramFitting(recipe, texts, run).silently()

    if texts.once is None or run.choices is not None:
        return make()
    fit: NGramFit = texts.once("ngrams", make)
    return dataclasses.replace(fit, module=copy.deepcopy(fit.module), measured=copy.deepcopy(fit.measured))


class NGramFitting:
    """The steps of one fit."""

    def __init__(self, recipe: Recipe, texts: Texts, run: Run) -> None:
        self._recipe, self._texts, self._run = recipe, texts, run
        self._target = target_of(recipe.task, recipe.target)
        with run.phases.time("features"):
            self._table, features = self._features()
            self._train, self._validation = (
                Labelled(part, torch.from_numpy(labels), self._target)
                for part, labels in zip(features, texts.labels, strict=True)
            )
            self._values = features[0].values
            self._are_many = isinstance(features[0], Occurrences)
        self._linear = Linear(len(self._table.keys), texts.classes)
        self._strength = _STRONG if run.choices is None else run.choices.get(STRENGTH, _STRONG)
        work = self._values * texts.classes
        self._threads = max(1, min(run.machine.cores, work // _WORK_A_THREAD))
        torch.set_num_threads(self._threads)

    def _features(self) -> tuple[NGramTable, Sequence[SparseFeatures | Occurrences]]:
        """The n-grams of the training part, and the features of both parts by them."""
        texts = self._texts
        if len(texts.rows[0]) > MANY:
            return _of_many(texts, self._run.machine.cores)

        def make() -> tuple[NGramTable, Sequence[SparseFeatures | Occurrences]]:
            table = self._table_of(texts.rows[0])
            return table, [SparseFeatures(rows, table) for rows in texts.rows]

        if texts.once is None or len(texts.rows[0]) > _FEW_ENOUGH_TO_KEEP:
            return make()
        kept: tuple[NGramTable, Sequence[SparseFeatures | Occurrences]] = texts.once("features", make)
        return kept

    def with_events(self) -> NGramFit:
        """Fit as the configuration says and tell of each epoch."""
        run = self._run
        facts = (sum(map(len, self._texts.labels)), len(self._table.keys), *self._texts.facts)
        checkpoint = Checkpoint(run.folder / "checkpoint", fingerprint(self._recipe, *facts), run.events)
        with run.phases.time("training"):
            progress = fit_linear(
                self._linear,
                self._train,
                self._validation,
                penalty=self._penalty(self._train),
                config=self._recipe,
                events=run.events,
                control=run.control,
                checkpoint=checkpoint,
                keep_last=True,
                descent=self._descent(self._train),
            )
            if self._recipe.solver != "newton" or self._run.choices is not None:
                return self._of_part(progress)
            self._try_less_penalty(progress)
            fit = self._from_all(progress)
        run.events.log(
            f"The {SCORES[self._target.score].word} was measured on {len(self._validation.labels):,} sentences kept "
            f"separate from the {len(self._texts.labels[0]):,} used for learning. The model you get then learned from "
            f"all {fit.count:,}."
        )
        return fit

    def silently(self) -> NGramFit:
        """Fit to the optimum as part of another model, whose epochs are the ones to tell of."""
        with self._run.phases.time("ngrams"):
            self._refit(self._linear, self._train)
            if self._run.choices is not None:
                return self._of_part(Progress())
            self._try_less_penalty(Progress())
            return self._from_all(Progress())

    def _try_less_penalty(self, progress: Progress) -> None:
        """Keep a weaker penalty if the validation part's loss is lower with it; of very many sentences it hardly is."""
        if self._are_many:
            return
        started = time.monotonic()
        strong, before = snapshot(self._linear), measure(self._linear, self._validation)
        self._strength = _WEAK
        self._refit(self._linear, self._train)
        train, after = measure(self._linear, self._train), measure(self._linear, self._validation)
        if after[0] >= before[0]:
            self._strength = _STRONG
            restore(self._linear, strong)
            return
        if progress.history:
            last = progress.history[-1]
            figures = EpochFigures(
                epoch=last.epoch + 1,
                train_loss=train[0],
                train_accuracy=train[1],
                val_loss=after[0],
                val_score=after[1],
                learning_rate=last.learning_rate,
                seconds=time.monotonic() - started,
                score=self._target.score,
            )
            progress.history.append(figures)
            progress.take(figures)
            self._run.events.epoch(figures, max(self._recipe.epochs, figures.epoch))

    def _of_part(self, progress: Progress) -> NGramFit:
        """What learned from the training part alone."""
        return self._result(progress, self._module(self._linear, self._table), self._train)

    def _from_all(self, progress: Progress) -> NGramFit:
        """Learn from all sentences what was measured on the validation part."""
        table, everything = self._all_of_many() if self._are_many else self._all()
        linear = Linear(len(table.keys), self._texts.classes)
        with torch.no_grad():
            # What occurs often enough in a part does so in the whole.
            linear.weight[torch.from_numpy(np.searchsorted(table.keys, self._table.keys))] = (
                self._linear.weight
            )
            linear.bias.copy_(self._linear.bias)
        self._refit(linear, everything)
        measured = self._module(self._linear, self._table)
        return self._result(progress, self._module(linear, table), everything, measured)

    def _all(self) -> tuple[NGramTable, Labelled]:
        # Both would take much memory.
        del self._train
        rows = Rows.joined([Rows.of(part) for part in self._texts.rows])
        table = self._table_of(rows)
        truth = torch.from_numpy(np.concatenate(list(self._texts.labels)))
        return table, Labelled(SparseFeatures(rows, table), truth, self._target)

    def _all_of_many(self) -> tuple[NGramTable, Labelled]:
        """By the table of the training part: n-grams that only both parts together have often enough are rare."""
        features = Joined([part.features for part in (self._train, self._validation)])
        truth = torch.cat([self._train.labels, self._validation.labels])
        return self._table, Labelled(features, truth, self._target)

    def _result(
        self,
        progress: Progress,
        module: NGramClassifier,
        learned_from: Labelled,
        measured: NGramClassifier | None = None,
    ) -> NGramFit:
        with torch.no_grad():
            scores = self._validation.features.scores(self._linear.weight) + self._linear.bias
        count = len(learned_from.labels)
        return NGramFit(
            module=module,
            count=count,
            scores=scores,
            progress=progress,
            measured=measured,
            choices={STRENGTH: self._strength},
            threads=self._threads,
        )

    def _refit(self, linear: Linear, part: Labelled) -> None:
        refit(
            linear,
            part,
            penalty=self._penalty(part),
            config=self._recipe,
            control=self._run.control,
            descent=self._descent(part),
        )

    def _descent(self, part: Labelled) -> Descent:
        if not isinstance(part.features, Occurrences | Joined):
            return Descent()
        steps = 1 / (_BEND * part.features.curvature() + self._penalty(part))
        classes = self._texts.classes
        scale = torch.cat([steps.repeat_interleave(classes), torch.full((classes,), 1 / _BEND)])
        return Descent(history=_HISTORY, tolerance=_NEAR_ENOUGH, scale=scale)

    def _penalty(self, part: Labelled) -> float:
        return self._strength / len(part.labels) * NORM**2

    def _table_of(self, rows: Rows | Picked) -> NGramTable:
        return NGramTable(rows, self._texts.vocabulary.size + 1, self._texts.vocabulary.order)

    @torch.no_grad()
    def _module(self, linear: Linear, table: NGramTable) -> NGramClassifier:
        keys, idf = torch.from_numpy(table.keys), torch.from_numpy(table.idf)
        module = NGramClassifier(keys, idf, self._texts.classes, table.base, table.order)
        module.weight.copy_(linear.weight)
        module.bias.copy_(linear.bias)
        return module


def _of_many(texts: Texts, threads: int) -> tuple[NGramTable, Sequence[SparseFeatures | Occurrences]]:
    """See `NGramFitting._features`, of very many sentences."""
    base, order = texts.vocabulary.size + 1, texts.vocabulary.order
    counted = Counted(texts.rows[0], base, order, threads)
    fewest = max(2, len(texts.rows[0]) // _ONE_IN)
    table = counted.table(fewest, _MOST_WEIGHTS // texts.classes)
    features = counted.features(table)
    return table, [features, Counted(texts.rows[1], base, order, threads).features(table)]
