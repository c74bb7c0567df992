"""Reads the two forms of a request for predictions: files in multipart, or JSON."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, overload

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from modelstore.ground.errors import FlashError
from modelstore.ground.plain_multipart import Part
from modelstore.ground.problems import Problems
from modelstore.prediction.contract import inputs_of
from modelstore.prediction.inputs import InputsInvalid, each, most_inputs
from training.ground.limits import Limits
from training.kinds import kind_of

DEFAULT_TOP_K = 5
MAX_TOP_K = 1000
# Explaining one costs dozens of predictions.
MOST_EXPLAINED = 4
_OPTIONS = ("top_k", "threshold", "explain")


class UploadedFiles(Sequence[bytes]):
    """Uploaded files as bytes, each read when it is asked for: a batch of large files is never in memory whole.

    Of a file with more than `max_bytes` one byte more is read: enough to see that it is too large.
    """

    def __init__(self, uploads: Sequence[UploadedFile], max_bytes: int) -> None:
        self._uploads = uploads
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self._uploads)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            return UploadedFiles(self._uploads[index], self._max_bytes)
        upload = self._uploads[index]
        upload.seek(0)
        content: bytes = upload.read(self._max_bytes + 1)
        return content

    def __iter__(self) -> Iterator[bytes]:
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictRequest:
    """What to predict; `names` are file names, where there are any.

    Answers below the probability `threshold` are unsure; with `explain` each says why.
    """

    inputs: Sequence[Any]
    names: Sequence[str] = field(default_factory=list)
    top_k: int = DEFAULT_TOP_K
    threshold: float | None = None
    explain: bool = False


def read_files(data: Any, uploads: MultiValueDict, *, task_type: str, limits: Limits) -> PredictRequest:
    """A multipart request with one or more files, and perhaps `top_k`; raises InputsInvalid (400)."""
    kind, sample = inputs_of(task_type), kind_of(task_type).words.sample
    if not kind.FILES:
        raise _invalid("inputs", kind.NO_FILES)
    problems = Problems(InputsInvalid)
    problems.of(partial(_refuse_unknown, {*data, *uploads}, {kind.FILES, *_OPTIONS}), None)
    sent = uploads.getlist(kind.FILES)
    if not sent:
        sentence = f"Send at least one {sample} as a file in the field `{kind.FILES}`."
        problems.add({kind.FILES: [sentence]}, sentence)
    options = _options(data, len(sent), problems)
    problems.check()
    return PredictRequest(
        inputs=UploadedFiles(sent, kind.max_file_bytes(limits)),
        names=[file.name or "" for file in sent],
        **options,
    )


def read_parts(parts: Sequence[Part], *, task_type: str) -> PredictRequest | None:
    """The same of a form whose parts are in memory; None for what `read_files` has to look at."""
    field = inputs_of(task_type).FILES
    sent = [part for part in parts if part.name == field and part.filename is not None]
    fields = [part for part in parts if part.name == "top_k" and part.filename is None]
    if not field or not sent or len(fields) > 1 or len(sent) + len(fields) < len(parts):
        return None
    return PredictRequest(
        inputs=[part.content for part in sent],
        names=[part.filename or "" for part in sent],
        top_k=_top_k(fields[0].content.decode("utf-8", "replace") if fields else DEFAULT_TOP_K),
    )


def read_json(data: Any, *, task_type: str, limits: Limits) -> PredictRequest:
    """A JSON request: `inputs`, each as its kind writes it (pictures in base64), and perhaps `top_k`.

    Raises InputsInvalid (400), InputTooLarge (413) with the input's index.
    """
    if not isinstance(data, dict):
        raise _invalid("inputs", 'Send a JSON object like {"inputs": [...], "top_k": 3}.')
    problems = Problems(InputsInvalid)
    problems.of(partial(_refuse_unknown, set(data), {"inputs", *_OPTIONS}), None)
    inputs = data.get("inputs")
    if not isinstance(inputs, list):
        sentence, inputs = "`inputs` must be a list, even of a single input.", []
        problems.add({"inputs": [sentence]}, sentence)
    quoted = {name for name in _OPTIONS if isinstance(data.get(name), str)}
    for name in quoted:
        sentence = f"`{name}` is text here; write its value without quotes."
        problems.add({name: [sentence]}, sentence)
    others = {name: value for name, value in data.items() if name not in quoted}
    options = _options(others, len(inputs), problems)
    kind = inputs_of(task_type)
    problems.of(partial(each, inputs, kind.check_json), None)
    problems.check()
    # Too many are refused as such, before each is looked at.
    if len(inputs) <= most_inputs(task_type, limits):
        inputs = each(inputs, lambda value, index: kind.from_json(value, index, limits))
    return PredictRequest(inputs=inputs, **options)


def own_thresholds() -> FlashError:
    """The refusal of a threshold for a model with any number of labels a sample."""
    return _invalid(
        "threshold",
        "This model gives any number of labels, and each has a threshold of its own; leave `threshold` out and take "
        "`labels` of the answer.",
    )


def _options(data: Any, count: int, problems: Problems) -> dict[str, Any]:
    return {
        "top_k": problems.of(partial(_top_k, data.get("top_k", DEFAULT_TOP_K)), DEFAULT_TOP_K),
        "threshold": problems.of(partial(_threshold, data.get("threshold")), None),
        "explain": problems.of(partial(_explain, data.get("explain", False), count), False),
    }


def _threshold(value: Any) -> float | None:
    if value is None:
        return None
    number = float("nan")
    if isinstance(value, int | float | str) and not isinstance(value, bool) and len(str(value)) <= 30:
        with suppress(ValueError, OverflowError):
            number = float(value)
    if not 0 <= number <= 1:
        raise _invalid("threshold", "`threshold` must be a number from 0 to 1.")
    return number


def _explain(value: Any, count: int) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if not isinstance(value, bool):
        if not isinstance(value, str) or value.lower() not in known:
            raise _invalid("explain", "`explain` must be true or false.")
        value = known[value.lower()]
    if value and count > MOST_EXPLAINED:
        raise _invalid("explain", f"At most {MOST_EXPLAINED} inputs can be explained at a time.")
    return bool(value)


def _top_k(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 4:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_TOP_K:
        raise _invalid("top_k", f"`top_k` must be a whole number from 1 to {MAX_TOP_K}.")
    return value


def _refuse_unknown(given: set[str], known: set[str]) -> None:
    if unknown := sorted(given - known):
        sentence = f"Known fields are {' and '.join(f'`{name}`' for name in sorted(known))}."
        raise InputsInvalid(
            f"There is no field `{unknown[0][:50]}` here. {sentence}",
            fields={name[:50]: [sentence] for name in unknown[:20]},
        )


def _invalid(name: str, sentence: str) -> FlashError:
    return InputsInvalid(sentence, fields={name: [sentence]})
