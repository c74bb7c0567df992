"""Reads a request to train, as a form or as JSON; also in the words of the first Flash (docs/api.md)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from rest_framework.request import Request

from jobs import access
from jobs.errors import SubmissionInvalid
from jobs.models import Dataset
from jobs.submitting import reading_option_fields, submission
from jobs.submitting.job_options import FIELDS as TERMS
from jobs.submitting.job_options import JobOptions, read_job_options
from jobs.submitting.lineage import FIELDS as ORIGIN
from jobs.submitting.lineage import Lineage, read_lineage
from jobs.uploads import uploads_of
from jobs.uploads.reading_options import OptionType
from modelstore.ground.problems import Problems, unknown_fields
from training.ground import hyperparameters
from training.ground.specification import Hyperparameter
from training.kinds import CATALOG, KINDS

_OUTER = (
    "dataset", "dataset_token", "task_type", "task_name", "num_classes", "downloadable", "keep_dataset", "samples",
    "accept_guesses", *TERMS, *ORIGIN,
)  # fmt: skip
_OFF = {"", "false", "null", "none"}
_YES_OR_NO = {
    "true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False,
}  # fmt: skip
_MAX_KEY = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitRequest:
    """What was asked for; `values` are hyperparameters, to be checked by the trainer's own rules."""

    task: str
    task_name: str
    values: dict[str, Any]
    downloadable: bool
    keep_dataset: bool
    reading: dict[str, Any]
    accept_guesses: bool
    upload: Any
    dataset_token: str
    num_classes: int | None
    lineage: Lineage
    job_options: JobOptions

    def check_classes(self, dataset: Dataset) -> None:
        """The first Flash was told how many classes there are: a file with others is the wrong file."""
        if self.num_classes in (None, len(dataset.classes)):
            return
        message = f"The file has {len(dataset.classes)} classes, and num_classes says {self.num_classes}."
        raise SubmissionInvalid(
            f"{message} Leave num_classes out to take them.", fields={"num_classes": [message]}
        )


def read(request: Request, known: set[str]) -> SubmitRequest:
    """The request with its words made ours; SubmissionInvalid names each field that makes no sense.

    Hyperparameters and the name have passed `submission.validate`.
    """
    problems = Problems(SubmissionInvalid)
    fields = _given(request, known, problems)
    upload, token = problems.of(partial(_source, fields), (None, ""))
    task, values = _task_and_values(fields, problems)
    name = str(fields.get("task_name") or "")
    if task:
        problems.of(partial(submission.validate, task=task, task_name=name, values=values), None)
    else:
        problems.of(partial(submission.check_name, name), None)
    asked = SubmitRequest(
        task=task,
        task_name=name,
        values=values,
        downloadable=problems.of(partial(_boolean, fields, "downloadable", True), True),
        keep_dataset=problems.of(partial(_boolean, fields, "keep_dataset", False), False),
        reading=problems.of(partial(_reading, fields, task), {}),
        accept_guesses=problems.of(partial(_boolean, fields, "accept_guesses", False), False),
        upload=upload,
        dataset_token=token,
        num_classes=problems.of(partial(_classes, fields), None),
        lineage=read_lineage(fields),
        job_options=problems.of(
            partial(read_job_options, fields, site=request.build_absolute_uri("/")), JobOptions()
        ),
    )
    problems.check()
    return asked


@dataclass(frozen=True, kw_only=True, slots=True)
class QuoteRequest:
    """What an estimate is asked for."""

    task: str
    values: dict[str, Any]
    samples: int
    job_options: JobOptions


def read_quote(request: Request, known: set[str]) -> QuoteRequest:
    """A request for an estimate: a dataset by its token, or the kind of data and how much of it."""
    problems = Problems(SubmissionInvalid)
    fields = _given(request, known, problems)
    task, values = _task_and_values(fields, problems)
    if task:
        problems.of(partial(submission.configuration, task=task, values=values), None)
    asked = QuoteRequest(
        task=task,
        values=values,
        samples=problems.of(partial(_samples_of, fields), 0),
        job_options=problems.of(partial(read_job_options, fields), JobOptions()),
    )
    problems.check()
    return asked


def _samples_of(fields: Mapping[str, Any]) -> int:
    token = fields.get("dataset_token")
    return access.get_dataset(str(token)).sample_count if token else _samples(fields.get("samples"))


def _samples(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (
        text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)
    ):
        message = "Give the number of samples (pictures, sentences), or the token of a checked dataset."
        raise SubmissionInvalid("There is nothing to estimate.", fields={"samples": [message]})
    return int(text)


def idempotency_key(request: Request) -> str | None:
    """The header `Idempotency-Key`, in quotes or without; SubmissionInvalid when it is too long."""
    key = request.headers.get("Idempotency-Key", "").strip().strip('"')
    if len(key) > _MAX_KEY:
        message = f"Use at most {_MAX_KEY} characters."
        raise SubmissionInvalid("The Idempotency-Key is too long.", fields={"Idempotency-Key": [message]})
    return key or None


def _given(request: Request, known: set[str], problems: Problems) -> dict[str, Any]:
    """The request's known fields; unknown ones are refused rather than ignored."""
    if not isinstance(request.data, dict):
        raise SubmissionInvalid("Send a JSON object or a form.")
    unknown = unknown_fields(set(request.data), known)
    problems.add(unknown, f"Unknown fields: {', '.join(unknown)}.")
    lists = {
        option.name for option in reading_option_fields.all_options() if option.type is OptionType.COLUMNS
    }
    return {name: _value(request.data, name, name in lists) for name in request.data if name in known}


def _value(data: Any, name: str, is_list: bool) -> Any:
    """A field of a form may come several times where a list is meant."""
    return data.getlist(name) if is_list and hasattr(data, "getlist") else data[name]


def _source(fields: dict[str, Any]) -> tuple[Any, str]:
    """The uploaded file, or the token of a dataset that was checked before: one of them."""
    upload, token = fields.get("dataset"), fields.get("dataset_token")
    if bool(upload) == bool(token) or (upload and not hasattr(upload, "chunks")):
        message = [
            "Send the file itself as `dataset` (multipart), or the token of a checked one as `dataset_token`."
        ]
        raise SubmissionInvalid("There is no dataset.", fields={"dataset": message})
    return upload or None, str(token or "")


def _task_and_values(fields: dict[str, Any], problems: Problems) -> tuple[str, dict[str, Any]]:
    """The task ("" where none can be told) and the hyperparameters."""
    return problems.of(partial(_task_of, fields), ""), _hyperparameters(fields, problems)


def _task_of(fields: dict[str, Any]) -> str:
    token = fields.get("dataset_token")
    if fields.get("task_type") in (None, "") and token:
        return access.get_dataset(str(token)).task_type
    task = str(fields.get("task_type"))
    if task not in KINDS:
        known = " or ".join(KINDS)
        raise SubmissionInvalid("Say what to train.", fields={"task_type": [f"Give {known}."]})
    return task


def _reading(fields: Mapping[str, Any], task: str) -> dict[str, Any]:
    """The options of reading a file that is sent; one that was checked has its own."""
    chosen = reading_option_fields.chosen(fields)
    if chosen and fields.get("dataset_token"):
        message = ["A checked dataset is read as PATCH datasets/TOKEN/ says; send this there."]
        raise SubmissionInvalid(message[0], fields=dict.fromkeys(chosen, message))
    if task:
        uploads_of(task).check_options(chosen)
    return chosen


def _hyperparameters(fields: dict[str, Any], problems: Problems) -> dict[str, Any]:
    others = {*_OUTER, *(option.name for option in reading_option_fields.all_options())}
    values = {name: value for name, value in fields.items() if name not in others and value != ""}
    if isinstance(values.get("model"), str):
        values["model"] = _model_name(values["model"])
    for spec in hyperparameters.HYPERPARAMETERS:
        if spec.parts and spec.name in values:
            values[spec.name] = problems.of(partial(_object, spec, values[spec.name]), None)
    return values


def _model_name(words: str) -> str:
    """`ResNet-34`, `MobileNet v2`, `LSTM`: names as people and the first Flash wrote them."""
    bare = re.sub(r"[\s_-]", "", words.lower())[:40]
    return next((name for name in CATALOG if name.replace("_", "") == bare), words)


def _object(spec: Hyperparameter, value: Any) -> Any:
    """A JSON object; in a form it comes as text."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() in _OFF:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        message = f"Give a JSON object, such as {spec.example}."
        raise SubmissionInvalid(f"`{spec.name}` is not JSON.", fields={spec.name: [message]}) from error


def _classes(fields: dict[str, Any]) -> int | None:
    value = fields.get("num_classes")
    if value in (None, ""):
        return None
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise SubmissionInvalid(
            "`num_classes` is not a number.",
            fields={"num_classes": ["Give a whole number, or leave it out."]},
        )
    return int(text)


def _boolean(fields: dict[str, Any], name: str, default: bool) -> bool:
    value = fields.get(name)
    if value in (None, ""):
        return default
    if str(value).lower() not in _YES_OR_NO:
        raise SubmissionInvalid(f"`{name}` is not a yes or no.", fields={name: ["Give true or false."]})
    return _YES_OR_NO[str(value).lower()]
