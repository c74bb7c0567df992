"""What was known at a time: late, corrected and deleted labels, and nothing of what happened later."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.datasets.versions import erasing, manifests, recording
from jobs.errors import VersionUnknown
from jobs.models import DatasetSegment, DatasetVersion, VersionedDataset
from tests.jobs.datasets.versions.days import FIRST, MORE, begun, id_of, numbers, table, upload

pytestmark = pytest.mark.django_db
Kind = DatasetVersion.Kind
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def made(version: DatasetVersion, when: datetime) -> None:
    DatasetVersion.objects.filter(pk=version.pk).update(created=when)
    # A segment is as old as the version that brought it.
    DatasetSegment.objects.filter(dataset=version.dataset, created=version.created).update(created=when)


def known(dataset: VersionedDataset, time: datetime, version: DatasetVersion | None = None) -> dict[str, str]:
    found = manifests.manifest(dataset, version or manifests.as_of(dataset, time), time)
    ids = {id_of(text): text for text, _ in (*FIRST, *MORE)}
    return {
        ids[bytes(id)]: found.words[code] for id, code in zip(found.ids(), found.labels.tolist(), strict=True)
    }


def test_labels_are_those_known_then() -> None:
    dataset, first = begun()
    made(first, NOON)
    times = {id_of("great day").hex(): NOON + DAY / 2}
    second = recording.extend(dataset=dataset, more=upload("more.csv", table(*MORE)), times=times)
    made(second, NOON + 2 * DAY)
    (good,) = numbers(dataset, "good day")
    made(recording.change_labels(dataset=dataset, labels={good: None}, kind=Kind.REMOVAL), NOON + 4 * DAY)
    start = dict(FIRST)
    later = start | dict(MORE)
    assert known(dataset, NOON) == start
    assert known(dataset, NOON + DAY) == start, "it had happened, but nobody had told"
    assert known(dataset, NOON + 2 * DAY) == later
    assert known(dataset, NOON + 5 * DAY) == {
        text: label for text, label in later.items() if text != "good day"
    }
    with pytest.raises(VersionUnknown, match="Nothing of this dataset was known"):
        known(dataset, NOON - DAY)
    # Labels of today, samples of then.
    expected = start | {"bad day": "good", "great day": "good"}
    assert known(dataset, NOON + DAY, second) == expected
    assert known(dataset, NOON - DAY, second) == {}


def test_what_is_deleted_for_good_was_never_there() -> None:
    dataset, first = begun()
    made(first, NOON)
    dataset.uploads.all().delete()
    erasing.erase(dataset=dataset, numbers=numbers(dataset, "sad day"))
    assert known(dataset, NOON) == {text: label for text, label in FIRST if text != "sad day"}


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_no_sample_of_later_is_among_them(shift: int) -> None:
    times = {id_of(text).hex(): NOON + place * DAY for place, (text, _) in enumerate(FIRST)}
    dataset = upload("days.csv", table(*FIRST))
    version = recording.begin(dataset=dataset, times=times)
    time = NOON + 2 * DAY + timedelta(microseconds=shift)
    expected = [text for text, _ in FIRST if times[id_of(text).hex()] <= time]
    assert list(known(version.dataset, time, version)) == expected
