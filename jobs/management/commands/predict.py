"""Predicts from the command line, with the same checks as the site; whole files with --batch."""

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.batches import downloads, runner, submission
from jobs.batches.options import BatchOptions
from jobs.datasets.intake import LocalFile
from jobs.models import BatchPrediction
from jobs.states import BatchStatus
from modelstore.access import get_model
from modelstore.ground.commands import FlashCommand
from modelstore.models import TrainedModel
from modelstore.prediction.contract import inputs_of
from modelstore.prediction.predict_request import DEFAULT_TOP_K, MAX_TOP_K
from modelstore.prediction.predictor import Prediction, predict


class Command(FlashCommand):
    help = (
        "Classifies pictures (files) or sentences (in quotes, or files with one sentence per line) with a model. "
        "With --batch, it classifies every picture in a zip or every sentence in a table and writes a file of results."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token", help="The token of the model.")
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
            help="Where --batch writes its results (.csv or .jsonl); default: by FILE's name.",
        )
        parser.add_argument(
            "--frames-per-second", help="How many frames of each second of a video --batch uses."
        )
        parser.add_argument("--input-column", help="The column with the sentences, for --batch.")

    def handle(self, *, token: str, inputs: list[str], json: bool, top_k: int, **options: Any) -> None:
        if not 1 <= top_k <= MAX_TOP_K:
            raise CommandError(f"--top-k must be from 1 to {MAX_TOP_K}.")
        if bool(inputs) == bool(options["batch"]):
            raise CommandError("Give inputs, or one file with --batch.")
        model = get_model(token)
        if options["batch"]:
            self._predict_batch(model, top_k, json, options)
            return
        names, values = _read(model, inputs)
        found = predict(model=model, inputs=values, names=names, top_k=top_k)
        for name, prediction in zip(names, found, strict=True):
            self.stdout.write(_line_of_json(name, prediction) if json else _line(name, prediction))

    def _predict_batch(self, model: TrainedModel, top_k: int, quiet: bool, options: dict[str, Any]) -> None:
        path: Path = options["batch"]
        output: Path = options["output"] or path.with_name(f"{path.stem}-predictions.csv")
        if output.suffix.removeprefix(".") not in downloads.FORMATS:
            raise CommandError("--output must end in .csv or .jsonl.")
        if not path.is_file():
            raise CommandError(f"{path} is not a file.")
        given = {"top_k": top_k} | {name: options[name] for name in ("frames_per_second", "input_column")}
        batch = submission.submit(
            model=model, upload=LocalFile(path), options=BatchOptions.from_fields(given), wake=False
        )
        # A worker that is running may take it first; then this only follows.
        runner.run_next(only=batch.pk)
        _wait(batch)
        if batch.status != BatchStatus.DONE:
            raise CommandError(batch.error or "The batch was cancelled.", returncode=1)
        file = downloads.open_results(batch=batch, format=output.suffix.removeprefix("."))
        with output.open("wb") as target:
            for chunk in file.stream:
                target.write(chunk)
        self._tell(batch, output, quiet)

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
    return f"{name}: {shares}"


def _line_of_json(name: str, prediction: Prediction) -> str:
    top = [{"label": label, "probability": probability} for label, probability in prediction.top]
    answer = {"input": name, "label": prediction.label, "probability": prediction.probability, "top": top}
    return json.dumps(answer, ensure_ascii=False)
