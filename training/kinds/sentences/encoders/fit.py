"""Trains the top of a pretrained encoder, or a head alone, and blends it with the linear model over n-grams."""

import copy
import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.engine.checkpoint import Checkpoint, fingerprint
from training.engine.device import choose_device
from training.engine.linear import DenseFeatures, Labelled, Linear, fit_linear, refit
from training.engine.process_group import ProcessGroup
from training.engine.progress import Progress
from training.engine.together import Work, train_together
from training.evaluation.outside import FEWEST_CLASSES
from training.ground.errors import TrainingFailed
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.kinds.sentences.blended import adds, blend
from training.kinds.sentences.encoders.bert import Bert
from training.kinds.sentences.encoders.classifier import EncoderClassifier, TopClassifier, rounded
from training.kinds.sentences.encoders.contrast import contrast
from training.kinds.sentences.encoders.encoded import Encoded, Learned
from training.kinds.sentences.encoders.learner import EncoderLearner
from training.kinds.sentences.encoders.nearness import find_centres, looked_at, nearness
from training.kinds.sentences.encoders.states import TokenStates, embed, embeddings
from training.kinds.sentences.encoders.windows import what_is_read
from training.kinds.sentences.ngram_fit import NGramFit, Texts, ngrams_beside
from training.kinds.sentences.ngrams import NGramClassifier
from training.kinds.sentences.voting import NGRAMS_ALONE, VOTES, VotingFit, tell_votes
from training.targets.target import target_of

# The strength of the penalty beside the summed loss of features of deviation one.
_PENALTY = 20.0
# Up to so many examples of a class to learn from, on average, all layers learn from how they differ.
_FEW = 24
# Of fewer validation samples it cannot be told whether a model adds nothing, nor, where all layers learned, what each
# vote is worth.
_ENOUGH_TO_VOTE = 50
_READING = "reading the sentences with the encoder"


def train_encoder(
    recipe: Recipe, encoded: Encoded, texts: Texts, run: Run, early: Callable[[NGramFit], None]
) -> VotingFit | NGramFit:
    """Encoder and n-grams are measured together: with the encoder, the n-grams of the training part.

    Afterwards the n-grams are those learned from all sentences. They can be used before the encoder has learned:
    `early` gets them. They are all that is left where an encoder that does not learn adds nothing to them.
    """
    ngrams = ngrams_beside(recipe, texts, run)
    early(ngrams)
    if run.choices is not None and run.choices.get(NGRAMS_ALONE):
        return ngrams
    torch.set_num_threads(run.machine.cores)
    steps = _Steps(recipe, encoded, texts, run)
    alone = recipe.freeze or steps.are_few
    fit = steps.head_alone(ngrams) if alone else steps.top_layers(ngrams)
    torch.set_num_threads(ngrams.threads)
    return fit


class _Steps:
    def __init__(self, recipe: Recipe, encoded: Encoded, texts: Texts, run: Run) -> None:
        self._recipe, self._encoded, self._texts, self._run = recipe, encoded, texts, run
        self._device = choose_device(run.machine.device)
        self._encoder = encoded.encoder.to(self._device).eval()
        self._target = target_of(recipe.task, recipe.target)
        self._kept: tuple[Tensor, Tensor] | None = None
        self._rows = [row[: encoded.length] for row in encoded.rows]
        said = what_is_read(encoded.rows, encoded.window, encoded.length, recipe.max_length)
        if said:
            run.events.log(said)
        # A checkpoint is of states that were read as far.
        self._facts = [len(encoded.rows), *([encoded.length] if said else [])]
        each = len(encoded.parts[0]) / texts.classes
        # How classes differ is learned from examples of one class each.
        self.are_few = each <= _FEW and not recipe.freeze and self._target.answers_one
        if each <= _FEW and not recipe.freeze and not self.are_few:
            run.events.log(
                "There are few examples of each label. How classes differ is learned from sentences of one class each, "
                "so the encoder learns in the usual way."
            )
        if self.are_few:
            run.events.log(
                f"There are {each:.0f} examples of a class to learn from, so all layers of the encoder learn, from how "
                "the classes differ."
            )

    def _tell(self, share: float) -> None:
        self._run.control.check()
        if self._run.control.out_of_time:
            raise TrainingFailed(
                "deadline_exceeded",
                "The time allowed ran out while the encoder read the sentences. Use fewer sentences or preset "
                "Quick, or ask the operator for more time.",
            )
        self._run.events.progress(share)

    def head_alone(self, ngrams: NGramFit) -> VotingFit | NGramFit:
        """The head is fitted to its optimum, at last on all sentences.

        The encoder stays as it came; from a few examples it learns before, again at last from all.
        """
        recipe, run, encoded = self._recipe, self._run, self._encoded
        first, fitted = (0.45, 0.55) if self.are_few else (0.3, 0.93)
        measured_encoder, features = self._read(encoded.parts[0], "preparing", 0.1, first)
        measured_features = features
        self._keep(self._as_it_came() if self.are_few else features)
        run.events.phase("training", first, fitted)
        linear = Linear(features.shape[1], self._texts.classes)
        train, validation = (self._labelled(features, part) for part in encoded.parts)
        facts = (*self._facts, "frozen encoder", self.are_few, *self._texts.facts)
        checkpoint = Checkpoint(run.folder / "checkpoint", fingerprint(recipe, *facts), run.events)
        with run.phases.time("training"):
            progress = fit_linear(
                linear,
                train,
                validation,
                penalty=_PENALTY / len(train.labels),
                config=recipe,
                events=run.events,
                control=run.control,
                checkpoint=checkpoint,
                keep_last=True,
            )
        own = (validation.features.scores(linear.weight) + linear.bias).detach()
        truth, factors = torch.from_numpy(encoded.labels[encoded.parts[1]]), (1.0, 0.0)
        is_enough, chooses = len(truth) >= _ENOUGH_TO_VOTE, run.choices is None
        if run.choices is not None:
            factors = run.choices[VOTES]
        elif is_enough or not self.are_few:
            factors = blend(own, ngrams.scores, truth, self._target)
        blended = factors[0] * own + factors[1] * ngrams.scores
        if chooses and recipe.freeze and is_enough and not adds(blended, ngrams.scores, truth, self._target):
            run.events.log(
                "On the validation part the encoder adds nothing to the n-grams, so the model is these alone "
                "and answers faster."
            )
            self._end_curves(progress, ngrams.scores, truth)
            choices = {**ngrams.choices, NGRAMS_ALONE: True}
            return dataclasses.replace(ngrams, progress=progress, choices=choices)
        self._end_curves(progress, blended, truth)
        measured_head = self._head_of(linear)
        encoder, count = measured_encoder, 0
        if ngrams.measured is not None:
            everyone = np.concatenate(encoded.parts)
            if self.are_few:
                encoder, features = self._read(everyone, "training", fitted, 0.93)
            everything = self._labelled(features, everyone)
            penalty = _PENALTY / len(everything.labels)
            refit(linear, everything, penalty=penalty, config=recipe, control=run.control)
            count = len(everyone)
        kept = None if self.are_few else len(encoder.layers)
        measured = Learned(measured_encoder, measured_head, measured_features, kept)
        learned = Learned(encoder, self._head_of(linear), features, kept)
        fit = self._fit(ngrams, learned, measured, progress, own, factors)
        return dataclasses.replace(fit, count=count)

    def _end_curves(self, progress: Progress, logits: Tensor, truth: Tensor) -> None:
        """Their last point is the model as it answers; those before are the head alone."""
        last, decided = progress.history[-1], self._target.decide_logits(logits)
        figures = dataclasses.replace(
            last,
            epoch=last.epoch + 1,
            val_loss=float(self._target.loss(logits, truth)),
            val_score=self._target.measure(truth.numpy(), decided.numpy()).value,
            seconds=0.0,
        )
        progress.history.append(figures)
        progress.take(figures)
        self._run.events.epoch(figures, max(self._recipe.epochs, figures.epoch))

    def _read(
        self, learned_from: NDArray[np.int64], phase: str, low: float, high: float
    ) -> tuple[Bert, Tensor]:
        """An encoder, which has learned from some sentences if there are few, and the features [N, W] of all.

        Its progress is that from `low` to `high` of `phase`.
        """
        encoder, seed, events = self._encoder, self._recipe.seed, self._run.events
        if self.are_few:
            encoder = copy.deepcopy(encoder)
            # All layers learn from a batch at once: with all windows it would take several times the memory.
            rows = [self._rows[place][: self._encoded.window] for place in learned_from]
            labels = self._encoded.labels[learned_from]
            middle = low + 0.9 * (high - low)
            events.phase(phase, low, middle, "learning how the classes differ")
            with self._run.phases.time("contrast"):
                contrast(encoder, rows, labels, seed=seed, device=self._device, tell=self._tell)
                rounded(encoder.layers)
            low = middle
        events.phase(phase, low, high, _READING)
        with self._run.phases.time("states"):
            if encoder is self._encoder:
                return encoder, self._as_it_came(self._tell)
            return encoder, self._embedded(encoder, self._tell)

    def _as_it_came(self, tell: Callable[[float], None] = lambda _: None) -> Tensor:
        make = functools.partial(self._embedded, self._encoder, tell)
        return make() if self._encoded.once is None else self._encoded.once(make)

    def _embedded(self, encoder: Bert, tell: Callable[[float], None] = lambda _: None) -> Tensor:
        return embed(encoder, self._rows, self._device, tell, window=self._encoded.window)

    def top_layers(self, ngrams: NGramFit) -> VotingFit:
        """The top layers learn, from a head that was fitted to what they gave before."""
        recipe, run, encoded = self._recipe, self._run, self._encoded
        count, shape = len(self._encoder.layers), self._encoder.shape
        below = min(count - 1, round(count * recipe.frozen_share))
        run.events.phase("preparing", 0.1, 0.3, _READING)
        states, features = self._below(below)
        run.events.phase("training", 0.3, 0.93)
        layers = list(self._encoder.layers)[below:]
        top = TopClassifier(layers, shape, self._texts.classes, recipe.dropout).to(self._device)
        with run.phases.time("head"):
            self._keep(features)
            linear = Linear(features.shape[1], self._texts.classes)
            train = self._labelled(features, encoded.parts[0])
            penalty = _PENALTY / len(train.labels)
            refit(linear, train, penalty=penalty, config=recipe, control=run.control)
            top.head.load_state_dict(self._head_of(linear).state_dict())
        learner = EncoderLearner(
            top, states, encoded.labels, encoded.parts, recipe, self._device, ngrams.scores
        )
        facts = (*self._facts, self._texts.vocabulary.size, *self._texts.facts)
        work = Work(
            make=lambda *_: learner,
            recipe=recipe,
            machine=run.machine,
            fingerprint=fingerprint(recipe, *facts),
        )
        with run.phases.time("training"):
            progress = train_together(run, ProcessGroup(), learner, work)
        with run.phases.time("evaluation"):
            rounded(layers)
            own = learner.logits()
            factors = learner.blended()[1] if run.choices is None else run.choices[VOTES]
            wanted = np.concatenate([self._for_centres(), encoded.parts[1]])
            features = embeddings(states, layers, shape, self._device, wanted)
        learned = Learned(self._encoder, top.head.to("cpu"), features, below)
        return self._fit(ngrams, learned, learned, progress, own, factors)

    def _below(self, count: int) -> tuple[TokenStates, Tensor]:
        """What the first `count` layers make of each token, and the rest, before it learns, of all sentences [N, W]."""
        run, encoded = self._run, self._encoded

        def make() -> tuple[TokenStates, Tensor]:
            with run.phases.time("states"):
                states = TokenStates(
                    self._encoder, self._rows, encoded.window, count, self._device, run.folder, self._tell
                )
                layers = list(self._encoder.layers)[count:]
                return states, embeddings(states, layers, self._encoder.shape, self._device)

        if encoded.latest is None:
            return make()
        found: tuple[TokenStates, Tensor] = encoded.latest(
            (self._recipe.model, encoded.window, encoded.length, count), make
        )
        return found

    def _fit(
        self,
        ngrams: NGramFit,
        learned: Learned,
        measured: Learned,
        progress: Progress,
        own: Tensor,
        factors: tuple[float, float],
    ) -> VotingFit:
        logits = factors[0] * own + factors[1] * ngrams.scores
        centres = self._centres(measured)
        if centres is not None:
            validation = torch.from_numpy(self._encoded.parts[1])
            logits = logits * nearness(measured.features[validation], centres)
        theirs = centres if learned.features is measured.features else self._centres(learned)
        whole = self._classifier(learned, ngrams.module, theirs)
        whole.scale(*factors)
        before = None
        if ngrams.measured is not None:
            before = self._classifier(measured, ngrams.measured, centres)
            # A head that both have has its factor already.
            before.scale(1.0 if measured.head is learned.head else factors[0], factors[1])
        tell_votes(self._run.events, "encoder", factors)
        return VotingFit(
            module=whole,
            arguments=whole.arguments(),
            progress=progress,
            logits=logits,
            measured=before,
            embeddings=self._kept,
            choices={**ngrams.choices, VOTES: factors},
        )

    def _classifier(
        self, learned: Learned, ngrams: NGramClassifier, centres: Tensor | None
    ) -> EncoderClassifier:
        encoder, encoded = learned.encoder.to("cpu").eval(), self._encoded
        return EncoderClassifier(
            encoder, learned.head, ngrams, encoded.length, centres, learned.kept, encoded.window
        ).eval()

    def _centres(self, learned: Learned) -> Tensor | None:
        # For a model that does not tell what is outside, they would cost a little and bring nothing.
        if self._texts.classes < FEWEST_CLASSES or not self._target.answers_one:
            return None
        places = self._for_centres()
        return find_centres(learned.features[torch.from_numpy(places)], self._encoded.labels[places])

    def _for_centres(self) -> NDArray[np.int64]:
        if not self._target.answers_one:
            return np.empty(0, np.int64)
        return looked_at(self._encoded.parts[0], self._encoded.labels, self._recipe.seed)

    def _keep(self, features: Tensor) -> None:
        parts = self._encoded.embedded
        if parts is not None:
            self._kept = (features[torch.from_numpy(parts[0])], features[torch.from_numpy(parts[1])])

    def _labelled(self, features: Tensor, part: NDArray[np.int64]) -> Labelled:
        # Sentences that are all alike have none.
        self._scale = float(features.std(0).mean()) or 1.0
        scaled = DenseFeatures(features[torch.from_numpy(part)] / self._scale)
        return Labelled(scaled, torch.from_numpy(self._encoded.labels[part]), self._target)

    def _head_of(self, linear: Linear) -> nn.Linear:
        """What was fitted, as the layer that follows the encoder."""
        head = nn.Linear(*linear.weight.shape)
        with torch.no_grad():
            head.weight.copy_(linear.weight.T / self._scale)
            head.bias.copy_(linear.bias)
        return head
