"""Whatever is done to a dataset, each of its versions stays what it was, and gives the samples of any moment."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.datasets.versions import erasing, manifests, recording
from jobs.datasets.versions.manifests import microseconds
from jobs.datasets.versions.segment_files import Packed
from jobs.errors import SubmissionInvalid
from jobs.models import DatasetSegment, DatasetVersion, VersionedDataset
from jobs.uploads.samples.packing import pack
from jobs.uploads.samples.sample import Sample
from modelstore.ground import temporary
from tests.tasks import Task

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LABELS = ("a", "b", "c")
# Content -> label.
State = dict[str, str]

contents = st.integers(0, 11).map(lambda number: f"sample {number}")
label = st.sampled_from(LABELS)
edit = st.dictionaries(contents, st.one_of(st.none(), label), min_size=1, max_size=6)
step = st.one_of(
    st.tuples(st.just("add"), st.dictionaries(contents, label, min_size=1, max_size=6)),
    st.tuples(st.just("edit"), edit),
    st.tuples(st.just("restore"), st.integers(1, 30)),
    st.tuples(st.just("erase"), contents),
)


def happened(content: str) -> datetime:
    """Some of them later than they were told of."""
    return START + int(content.split()[1]) * HOUR


def add(dataset: VersionedDataset, samples: State) -> DatasetVersion:
    with temporary.folder() as folder:
        rows = [
            Sample(content.encode(), word, time=microseconds(happened(content)))
            for content, word in samples.items()
        ]
        pack(rows, ["input", "label"], folder)
        return recording.add(dataset=dataset, packed=Packed.read(folder), folder=folder)


class Model:
    """What the versions ought to be, in plain dictionaries."""

    def __init__(self, first: State) -> None:
        self.states = [dict(first)]
        self.known = dict.fromkeys(first)
        self.erased: set[str] = set()

    def apply(self, what: str, told: Any) -> State | None:
        """The next state, None where nothing is to happen."""
        head = self.states[-1]
        if what == "add":
            return head | told
        if what == "edit":
            edits = {content: word for content, word in told.items() if content in self.known}
            changed = {content: word for content, word in (head | edits).items() if word is not None}
            return changed
        if what == "restore" and told <= len(self.states):
            return self.states[told - 1]
        return None


def numbers_of(dataset: VersionedDataset, content: str) -> list[int]:
    from jobs.datasets.versions.segment_files import numbers_by_id

    id = hashlib.sha256(content.encode()).digest()
    return numbers_by_id(dataset, [id]).get(id, [])


def do(dataset: VersionedDataset, what: str, told: Any) -> None:
    if what == "add":
        add(dataset, told)
    elif what == "edit":
        labels = {number: word for content, word in told.items() for number in numbers_of(dataset, content)}
        if labels:
            recording.change_labels(dataset=dataset, labels=labels, kind=recording.Kind.CORRECTION)
    else:
        recording.restore(dataset=dataset, version=manifests.get_version(dataset, str(told)))


def _is_no_version(dataset: VersionedDataset, what: str, told: Any) -> None:
    """What changes nothing is refused, or does nothing."""
    before = dataset.head
    with suppress(SubmissionInvalid):
        do(dataset, what, told)
    assert VersionedDataset.objects.get(pk=dataset.pk).head == before


def found(dataset: VersionedDataset, version: DatasetVersion, time: datetime | None = None) -> State:
    manifest = manifests.manifest(dataset, version, time)
    texts = {hashlib.sha256(f"sample {number}".encode()).digest(): f"sample {number}" for number in range(12)}
    if time is None:
        assert version.sample_count == len(manifest)
        assert version.classes == manifest.classes()
    return {
        texts[bytes(id)]: manifest.words[code]
        for id, code in zip(manifest.ids(), manifest.labels.tolist(), strict=True)
    }


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.dictionaries(contents, label, min_size=2, max_size=8), steps=st.lists(step, max_size=12))
def test_each_version_is_what_plain_dictionaries_say(first: State, steps: list[tuple[str, Any]]) -> None:
    dataset = VersionedDataset.with_new_token(
        task_type=Task.TEXT.value, name="samples", columns=["input", "label"]
    )
    add(dataset, first)
    model = Model(first)
    for what, told in steps:
        if what == "erase":
            if told in model.known and len(model.states[-1]) > 1:
                erasing.erase(dataset=dataset, numbers=numbers_of(dataset, told))
                # It comes in anew, if it is told of again.
                model.known.pop(told)
                for state in model.states:
                    state.pop(told, None)
            continue
        after = model.apply(what, told)
        if after is None:
            continue
        if not after:
            continue  # of a dataset something is left
        if after == model.states[-1]:
            _is_no_version(dataset, what, told)
            continue
        do(dataset, what, told)
        model.states.append(dict(after))
        model.known |= dict.fromkeys(after)
    rows = list(dataset.versions.order_by("number"))
    assert len(rows) == len(model.states)
    for place, version in enumerate(rows):
        made = START + place * HOUR
        DatasetSegment.objects.filter(dataset=dataset, created=version.created).update(created=made)
        DatasetVersion.objects.filter(pk=version.pk).update(created=made)
    for hours in range(13):
        time = START + hours * HOUR
        place = min(hours, len(rows) - 1)
        expected = {
            content: word for content, word in model.states[place].items() if happened(content) <= time
        }
        assert found(dataset, manifests.as_of(dataset, time), time) == expected
    for version, state in zip(rows, model.states, strict=True):
        assert found(dataset, version) == state
