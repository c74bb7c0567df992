"""Predicts from the command line, with the same checks as the site; whole files with --batch."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.batches import downloads, evaluations, runner, submission
from jobs.batches.errors import ChoiceOpen
from jobs.batches.options import BatchOptions
from jobs.datasets.intake import LocalFile
from jobs.models import BatchPrediction
from jobs.states import BatchStatus
from jobs.submitting import reading_option_fields
from jobs.uploads.errors import listed
from modelstore.access import named_model
from modelstore.ground.commands import FlashCommand
from modelstore.models import TrainedModel
from modelstore.prediction.contract import inputs_of
from modelstore.prediction.predict_request import DEFAULT_TOP_K, MAX_TOP_K
from modelstore.prediction.predictor import Prediction, predict
from training.score import ACCURACY, Score, show


class Command(FlashCommand):
    help = (
        "Classifies pictures (files) or sentences (in quotes, or files with one sentence per line) with a model. "
        "With --batch, it classifies every picture in a zip or every sentence in a table and writes a file of results. "
        "With --measure, it tells how often the model is right on a file with labels."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "model", metavar="ID|TOKEN", help="The model: its token, or its number from `models`."
        )
        parser.add_argument("inputs", nargs="*", metavar="FILE_OR_TEXT")
        parser.add_argument("--json", action="store_true", help="Answer in JSON, one line per input.")
        parser.add_argument(
            "--top-k", type=int, default=DEFAULT_TOP_K, help="How many labels to give for each input."
        )
        parser.add_argument(
            "--batch",
            type=Path,
            metavar="FILE",
            help="A zip, a video, or a CSV, TSV, JSON Lines or Parquet file.",
        )
        parser.add_argument(
            "--output",
            type=Path,
            help="Where --batch and --measure write their results (.csv, .jsonl or .xlsx); default: by FILE's name.",
        )
        parser.add_argument(
            "--frames-per-second", help="How many frames of each second of a video --batch uses."
        )
        parser.add_argument(
            "--measure", type=Path, metavar="FILE", help="Samples with their classes, as for a training."
        )
        parser.add_argument(
            "--accept-guesses",
            action="store_true",
            help="Of --measure: take what is guessed where it is open.",
        )
        reading_option_fields.add_options(parser)

    def handle(self, *, model: str, inputs: list[str], json: bool, top_k: int, **options: Any) -> None:
        if not 1 <= top_k <= MAX_TOP_K:
            raise CommandError(f"--top-k must be from 1 to {MAX_TOP_K}.")
        if [bool(inputs), bool(options["batch"]), bool(options["measure"])].count(True) != 1:
            raise CommandError("Give inputs, or one file with --batch or --measure.")
        found = named_model(model)
        if options["measure"]:
            self._measure(found, json, options)
            return
        if options["batch"]:
            self._predict_batch(found, top_k, json, options)
            return
        names, values = _read(found, inputs)
        predicted = predict(model=found, inputs=values, names=names, top_k=top_k)
        for name, prediction in zip(names, predicted, strict=True):
            self.stdout.write(_line_of_json(name, prediction) if json else _line(name, prediction))

    def _predict_batch(self, model: TrainedModel, top_k: int, quiet: bool, options: dict[str, Any]) -> None:
        path, output = _paths(options["batch"], options["output"])
        given = {"top_k": top_k} | {name: options[name] for name in ("frames_per_second", "input_column")}
        batch = submission.submit(
            model=model, upload=LocalFile(path), options=BatchOptions.from_fields(given), wake=False
        )
        _run(batch, output)
        self._tell(batch, output, quiet)

    def _measure(self, model: TrainedModel, as_json: bool, options: dict[str, Any]) -> None:
        path, output = _paths(options["measure"], options["output"])
        try:
            batch = evaluations.submit(
                model=model,
                upload=LocalFile(path),
                options=reading_option_fields.chosen(options),
                accept_guesses=options["accept_guesses"],
                wake=False,
            )
        except ChoiceOpen as error:
            asked = "\n".join(map(reading_option_fields.question_words, error.questions))
            raise CommandError(f"{asked}\nOr take what is guessed with --accept-guesses.") from error
        _run(batch, output)
        figures = batch.evaluation or {}
        if as_json:
            self.stdout.write(json.dumps({"output": str(output), **figures}, ensure_ascii=False))
            return
        for line in _figures(figures):
            self.stdout.write(line)
        self.stdout.write(f"results in {output}")

    def _tell(self, batch: BatchPrediction, output: Path, as_json: bool) -> None:
        if as_json:
            facts = {"output": str(output), "done": batch.done, "bad": batch.bad, "counts": batch.counts}
            self.stdout.write(json.dumps(facts, ensure_ascii=False))
            return
        for label, count in sorted(batch.counts.items(), key=lambda pair: -pair[1]):
            self.stdout.write(f"{count:>9,}  {label}")
        if batch.bad:
            self.stdout.write(f"{batch.bad:>9,}  could not be predicted; the results say why")
        self.stdout.write(f"results in {output}")


def _paths(path: Path, output: Path | None) -> tuple[Path, Path]:
    """The file, and where its results go."""
    output = output or path.with_name(f"{path.stem}-predictions.csv")
    if output.suffix.removeprefix(".") not in downloads.FORMATS:
        raise CommandError("--output must end in .csv or .jsonl.")
    if not path.is_file():
        raise CommandError(f"{path} is not a file.")
    return path, output


def _run(batch: BatchPrediction, output: Path) -> None:
    """Predicts it and writes its results."""
    # A worker that is running may take it first; then this only follows.
    runner.run_next(only=batch.pk)
    _wait(batch)
    if batch.status != BatchStatus.DONE:
        raise CommandError(batch.error or "The batch was cancelled.", returncode=1)
    file = downloads.open_results(batch=batch, format=output.suffix.removeprefix("."))
    with output.open("wb") as target:
        for chunk in file.stream:
            target.write(chunk)


def _figures(figures: dict[str, Any]) -> Iterator[str]:
    """The figures of a measurement as lines."""
    score = Score.from_json(figures["score"])
    ends = [show(score.name, end) for end in score.interval or ()]
    likely = " (too few sources to say how it would be on others)" if score.name == ACCURACY else ""
    if ends:
        likely = f" (on as many new ones very likely between {ends[0]} and {ends[1]})"
    yield f"{score.kind.word} {score.shown} on {figures['count']:,}{likely}"
    for row in figures.get("per_class", ()):
        if row["support"]:
            yield f"{row['recall']:>8.1%}  of {row['support']:,} {row['label']}"
    seen = figures.get("seen") or {}
    if seen.get("count"):
        without = Score.from_json(seen["score"]) if seen["score"] else None
        told = f"; {without.kind.word} without these {without.shown}" if without else ""
        yield f"known from the training: {seen['count']:,}{told}"
    unknown = figures["unknown"]
    if unknown["count"]:
        names = listed([entry["label"] for entry in unknown["classes"]])
        yield f"not counted: {unknown['count']:,} of classes that the model does not know ({names})"
    if figures["unread"]:
        yield f"not counted: {figures['unread']:,} that could not be predicted; the results say why"


def _wait(batch: BatchPrediction) -> None:
    batch.refresh_from_db()
    while batch.is_active:
        time.sleep(0.5)
        batch.refresh_from_db()


def _read(model: TrainedModel, arguments: list[str]) -> tuple[list[str], list[Any]]:
    try:
        return inputs_of(model.task_type).from_arguments(arguments)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _line(name: str, prediction: Prediction) -> str:
    shares = ", ".join(f"{label} {probability:.1%}" for label, probability in prediction.top)
    outside = " (probably none of its classes)" if prediction.outside else ""
    if prediction.labels is None:
        return f"{name}: {shares}{outside}"
    said = " | ".join(label for label, _ in prediction.labels) or "none of the labels"
    return f"{name}: {said} ({shares})"


def _line_of_json(name: str, prediction: Prediction) -> str:
    top = [{"label": label, "probability": probability} for label, probability in prediction.top]
    answer: dict[str, Any] = {
        "input": name,
        "label": prediction.label,
        "probability": prediction.probability,
        "top": top,
    }
    if prediction.outside is not None:
        answer["outside"] = prediction.outside
    if prediction.labels is not None:
        answer["labels"] = [
            {"label": label, "probability": probability} for label, probability in prediction.labels
        ]
    return json.dumps(answer, ensure_ascii=False)
