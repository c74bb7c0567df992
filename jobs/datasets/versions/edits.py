"""What an owner says of single samples and of versions, checked: other labels, left out, deleted, named, pinned."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from jobs.datasets.versions import erasing, manifests, recording
from jobs.datasets.versions.erasing import Learner
from jobs.datasets.versions.recording import NOBODY, Told
from jobs.datasets.versions.segment_files import numbers_by_id
from jobs.errors import SubmissionInvalid, VersionUnknown
from jobs.models import DatasetVersion, VersionedDataset
from jobs.uploads.errors import UploadRefused
from jobs.uploads.names import clean_label
from modelstore.ground import naming

MOST = 10_000
_NOTHING: Mapping[str, Any] = {}
Kind = DatasetVersion.Kind


def edit(
    *,
    dataset: VersionedDataset,
    relabel: Mapping[str, Any] = _NOTHING,
    leave_out: Sequence[str] = (),
    told: Told = NOBODY,
) -> DatasetVersion:
    """A version with other labels for samples, or without them; samples are named by their ids (SHA-256, hex).

    A label is a word, or a list of words where samples may have several. A sample that was left out and gets a label
    comes back. Raises SubmissionInvalid with `fields`, NotPossibleNow where another version came first.
    """
    if len(relabel) + len(leave_out) > MOST:
        raise _wrong("relabel", f"Change at most {MOST:,} samples at once.")
    if not relabel and not leave_out:
        raise _wrong("relabel", "Name at least one sample to relabel or to leave out.")
    if both := sorted(set(relabel) & set(leave_out)):
        raise _wrong("leave_out", f"The sample {both[0][:64]} cannot be relabelled and left out at once.")
    labels: dict[int, str | None] = {}
    for numbers in _numbers(dataset, "leave_out", leave_out).values():
        labels.update(dict.fromkeys(numbers, None))
    for id, numbers in _numbers(dataset, "relabel", list(relabel)).items():
        labels.update(dict.fromkeys(numbers, _label(dataset, relabel[id])))
    kind = Kind.CORRECTION if relabel and leave_out else Kind.RELABELLING if relabel else Kind.REMOVAL
    return recording.change_labels(dataset=dataset, labels=labels, kind=kind, told=told)


def delete(*, dataset: VersionedDataset, id: str) -> list[Learner]:
    """Deletes a sample for good, see `erasing.erase`; VersionUnknown (404) where there is none with this id."""
    try:
        numbers = _numbers(dataset, "id", [id])[id]
    except SubmissionInvalid as error:
        raise VersionUnknown("This dataset has no sample with this id.") from error
    return erasing.erase(dataset=dataset, numbers=numbers)


def describe(*, version: DatasetVersion, name: str | None = None, pinned: bool | None = None) -> None:
    """Names a version ("" takes the name away), or pins it. Raises SubmissionInvalid."""
    values: dict[str, Any] = {} if pinned is None else {"pinned": pinned}
    if name is not None:
        values["name"] = _name(name)
    try:
        with transaction.atomic():
            DatasetVersion.objects.filter(pk=version.pk).update(**values)
    except IntegrityError as error:
        raise _wrong("name", "Another version has this name already.") from error
    for field, value in values.items():
        setattr(version, field, value)


def _name(name: str) -> str:
    tidy = naming.tidy(name)
    if not tidy:
        return ""
    if wrong := naming.problem(name):
        raise _wrong("name", wrong)
    if tidy.isdecimal() or tidy == "head":
        raise _wrong(
            "name", "Choose a name that is neither a number nor “head”: these mean versions already."
        )
    return tidy


def _numbers(dataset: VersionedDataset, field: str, ids: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of the samples with these ids: those that are in the newest version, or else the first one."""
    if not ids:
        return {}
    keys: dict[str, bytes] = {}
    for id in ids:
        try:
            keys[id] = bytes.fromhex(id)
        except ValueError as error:
            raise _wrong(field, f"“{id[:64]}” is no id of a sample.") from error
        if len(keys[id]) != 32:
            raise _wrong(field, f"“{id[:64]}” is no id of a sample: it has 64 characters.")
    found = numbers_by_id(dataset, list(keys.values()))
    if missing := [id for id, key in keys.items() if key not in found]:
        raise _wrong(field, f"This dataset has no sample with the id {missing[0]}.")
    if field == "id":
        return {id: found[key] for id, key in keys.items()}
    codes = manifests.labels_of(dataset, manifests.get_version(dataset)).codes
    return {
        id: [number for number in found[key] if codes[number] >= 0] or found[key][:1]
        for id, key in keys.items()
    }


def _label(dataset: VersionedDataset, said: Any) -> str:
    if dataset.has_many_labels:
        if not isinstance(said, list):
            raise _wrong("relabel", "Give a list of labels for each sample.")
        return json.dumps(list(dict.fromkeys(_word(label) for label in said)), ensure_ascii=False)
    return _word(said)


def _word(said: Any) -> str:
    if not isinstance(said, str):
        raise _wrong("relabel", "Give the label of a sample as text.")
    try:
        label = clean_label(said, "New label", settings.FLASH_LIMITS.max_label_chars)
    except UploadRefused as refusal:
        raise _wrong("relabel", refusal.detail) from refusal
    if not label:
        raise _wrong("relabel", "A label needs at least one visible character.")
    return label


def _wrong(field: str, sentence: str) -> SubmissionInvalid:
    return SubmissionInvalid(f"Nothing was changed. {sentence}", fields={field: [sentence]})
