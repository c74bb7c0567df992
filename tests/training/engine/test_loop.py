"""The loop keeps the best epoch, stops when it should, and continues as if nothing had happened."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.tasks import Task
from tests.training.datasets import start, text_run_dir
from training.engine.checkpoint import Checkpoint
from training.engine.linear import DenseFeatures, Labelled, Linear, LinearLearner, fit_linear
from training.engine.loop import Training
from training.engine.retry import with_lower_rate_if_needed
from training.ground.control import Control
from training.ground.errors import Diverged, Interrupted, TrainingFailed
from training.ground.events import Events
from training.ground.recipe import Recipe, resolve
from training.targets.one_label import ONE_LABEL

CONFIG = resolve(Task.TEXT, {"model": "lstm", "epochs": 4, "batch_size": 8, "learning_rate": 0.05})


class NoisyLearner(LinearLearner):
    """Draws random numbers in each step, as dropout and augmentation do; may ask to stop at a step."""

    control: Control | None = None
    stop_at = -1
    steps = 0

    def backward(self, inputs, scale=None):
        self.steps += 1
        if self.steps == self.stop_at:
            self.control.interrupt()
        loss, correct = super().backward(inputs, scale)
        factor = 0.5 + torch.rand(())
        for group in self.groups():
            for parameter in group.parameters:
                parameter.grad *= factor
        return loss * factor, correct


def data(count: int = 60) -> tuple[Labelled, Labelled]:
    generator = torch.Generator().manual_seed(5)
    matrix = torch.randn(count, 4, generator=generator)
    labels = (matrix[:, 0] + 0.3 * torch.randn(count, generator=generator) > 0).long()
    return tuple(
        Labelled(DenseFeatures(matrix[part]), labels[part], ONE_LABEL)
        for part in (slice(40), slice(40, None))
    )


def training(
    folder: Path, config: Recipe = CONFIG, *, control: Control | None = None, stop_at: int = -1
) -> tuple[Training, Linear]:
    torch.manual_seed(3)
    linear = Linear(4, 2)
    learner = NoisyLearner(linear, *data(), config)
    learner.control, learner.stop_at = control or Control(), stop_at
    events = Events(io.StringIO())
    checkpoint = Checkpoint(folder, "same", events)
    return Training(learner, config, events=events, control=learner.control, checkpoint=checkpoint), linear


@pytest.mark.parametrize("averaging", [False, True])
@pytest.mark.parametrize("stop_at", [1, 5, 7, 13])
def test_an_interrupted_training_continues_to_the_same_end(tmp_path, stop_at, averaging):
    config = replace(CONFIG, weight_averaging=averaging)
    whole, expected = training(tmp_path / "whole", config)
    figures = whole.run().history
    first, _ = training(tmp_path / "parts", config, stop_at=stop_at)
    with pytest.raises(Interrupted):
        first.run()
    second, actual = training(tmp_path / "parts", config)
    continued = second.run().history
    assert [f.val_loss for f in continued] == [f.val_loss for f in figures]
    assert [f.train_loss for f in continued] == [f.train_loss for f in figures]
    assert torch.equal(actual.weight, expected.weight)


def test_the_same_seed_gives_the_same_numbers(tmp_path):
    results = [training(tmp_path / name)[0].run() for name in ("a", "b")]
    assert results[0].best_loss == results[1].best_loss


def test_the_weights_are_those_of_the_best_epoch(tmp_path):
    run, _ = training(tmp_path, replace(CONFIG, schedule="constant"))
    progress = run.run()
    best = max(progress.history, key=lambda f: (f.val_score, -f.val_loss))
    assert progress.best_epoch == best.epoch
    assert run.learner.evaluate() == pytest.approx((best.val_loss, best.val_score))


class _Told(NoisyLearner):
    """Its accuracy is what it is told, epoch by epoch, on a hundred samples that it does not have."""

    validation_count = 100

    def evaluate(self):
        return 0.5, next(self.accuracies)


@pytest.mark.parametrize("averaging", [False, True])
@pytest.mark.parametrize(("last", "kept"), [(0.88, 4), (0.91, 4), (0.85, 2)])
def test_a_schedule_that_ended_keeps_the_last_epoch_unless_it_is_clearly_worse(
    tmp_path, last, kept, averaging
):
    torch.manual_seed(3)
    config = replace(CONFIG, weight_averaging=averaging)
    linear = Linear(4, 2)
    learner = _Told(linear, *data(), config)
    learner.accuracies = iter([0.8, 0.89, 0.86, last])
    weights = []
    learner.evaluate = lambda: (weights.append(linear.weight.detach().clone()), _Told.evaluate(learner))[1]
    control, checkpoint = Control(), Checkpoint(tmp_path, "same", Events(io.StringIO()))
    run = Training(learner, config, events=Events(io.StringIO()), control=control, checkpoint=checkpoint)
    progress = run.run()
    assert (progress.best_epoch, progress.best_score) == (kept, last if kept == 4 else 0.89)
    assert torch.equal(linear.weight, weights[kept - 1])


def test_it_stops_early(tmp_path):
    run, _ = training(tmp_path, replace(CONFIG, epochs=100, early_stopping=2))
    progress = run.run()
    assert len(progress.history) == progress.best_epoch + 2 < 100


def test_a_damaged_checkpoint_is_left_aside(tmp_path):
    (tmp_path / "last.pt").write_bytes(b"nonsense")
    run, _ = training(tmp_path)
    assert len(run.run().history) == 4
    assert any("checkpoint" in warning for warning in run.events.warnings)


def test_a_checkpoint_of_something_else_is_left_aside(tmp_path):
    run, _ = training(tmp_path)
    run.run()
    other = Checkpoint(tmp_path, "other", run.events)
    assert other.load() is None


def test_a_full_disk_does_not_end_the_training(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    run, _ = training(tmp_path / "checkpoint")
    assert len(run.run().history) == 4
    assert any("disk" in warning for warning in run.events.warnings)
    assert not list((tmp_path / "checkpoint").iterdir())


def test_it_keeps_the_best_when_the_time_is_over(tmp_path):
    control = Control()
    run, _ = training(tmp_path, control=control)
    finish = run._finish_epoch

    def finish_and_run_out(started: float) -> None:
        finish(started)
        control.set_deadline(0, 0)

    run._finish_epoch = finish_and_run_out
    progress = run.run()
    assert len(progress.history) == 1
    assert any("time" in warning for warning in run.events.warnings)


def test_it_fails_with_a_sentence_when_the_time_is_over_too_soon(tmp_path):
    run, _ = training(tmp_path, control=Control(0))
    with pytest.raises(TrainingFailed) as caught:
        run.run()
    assert caught.value.code == "deadline_exceeded"


def test_a_loss_that_is_no_number_is_noticed(tmp_path):
    run, linear = training(tmp_path)
    with torch.no_grad():
        linear.bias.fill_(float("nan"))
    with pytest.raises(Diverged):
        run.run()


@pytest.mark.parametrize(("failures", "code"), [(1, None), (2, "diverged")])
def test_a_diverged_training_is_tried_once_more_at_a_lower_rate(failures, code):
    events, rates = Events(io.StringIO()), []

    def train(config):
        rates.append(config.learning_rate)
        if len(rates) <= failures:
            raise Diverged
        return "done"

    if code is None:
        assert with_lower_rate_if_needed(train, CONFIG, events) == "done"
    else:
        with pytest.raises(TrainingFailed) as caught:
            with_lower_rate_if_needed(train, CONFIG, events)
        assert caught.value.code == code
    assert rates == pytest.approx([0.05, 0.005])
    assert len(events.warnings) == 1


@pytest.mark.parametrize("solver", ["newton", "gradient"])
def test_class_weights_find_more_of_a_rare_class(tmp_path, solver):
    generator = torch.Generator().manual_seed(5)
    matrix = torch.randn(400, 3, generator=generator)
    labels = (matrix[:, 0] + 0.7 * torch.randn(400, generator=generator) > 1.6).long()
    part = Labelled(DenseFeatures(matrix), labels, ONE_LABEL)
    found = []
    for weights in (False, True):
        run, _ = start(text_run_dir(tmp_path / str(weights)))
        config = replace(CONFIG, epochs=10, solver=solver, class_weights=weights, early_stopping=None)
        linear = Linear(3, 2)
        fit_linear(
            linear,
            part,
            part,
            penalty=1e-3,
            config=config,
            events=run.events,
            control=run.control,
            checkpoint=Checkpoint(run.folder, "x", run.events),
        )
        predicted = part.features.scores(linear.weight) + linear.bias
        found.append(int(predicted.argmax(1)[labels == 1].sum()))
    assert found[1] > found[0]


@pytest.mark.parametrize("solver_rate", ["higher", "lower"])
def test_only_a_checkpoint_of_the_same_rate_is_continued(tmp_path, solver_rate):
    """A run that was killed in its second try goes on with that, not with the first."""
    lower = CONFIG.learning_rate * 0.1
    saved_at = CONFIG.learning_rate if solver_rate == "higher" else lower
    first, _ = training(tmp_path, replace(CONFIG, learning_rate=saved_at))
    first.run()
    run, _ = training(tmp_path, replace(CONFIG, learning_rate=lower))
    run._resume()
    assert (run.progress.epoch > 1) is (solver_rate == "lower")
    tried = []
    with_lower_rate_if_needed(lambda c: tried.append(c.learning_rate), CONFIG, run.events, run.checkpoint)
    assert tried == pytest.approx([CONFIG.learning_rate if solver_rate == "higher" else lower])
