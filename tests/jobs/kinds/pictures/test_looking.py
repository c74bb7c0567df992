"""Each picture is decoded once, by the check or by the unpacking, and what was left out stays so."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jobs.kinds.pictures import looking
from jobs.kinds.pictures.check import Verdict, check_picture
from jobs.kinds.pictures.findings import PictureFindings
from jobs.kinds.pictures.seen import GOOD, LEFT_OUT, UNSEEN, Seen
from jobs.kinds.pictures.zip_of_pictures import inspect_pictures, unpack_pictures
from tests.jobs.uploads.builders import picture, pictures, two_classes, write, zip_bytes
from training.ground.limits import Limits

THREE = [(0, 7), (500, 7), (900, 4)]
CUT = picture(1, size=(200, 200))[:3_000]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The pictures that were decoded, in order."""
    found: list[bytes] = []

    def check(data: bytes, limits: Limits, *, decode: bool, thumbnail: bool, suffix: str = "") -> Verdict:
        if decode or thumbnail:
            found.append(data)
        return check_picture(data, limits, decode=decode, thumbnail=thumbnail, suffix=suffix)

    monkeypatch.setattr(looking, "check_picture", check)
    return found


@pytest.fixture
def taken(tmp_path: Path) -> Callable[..., tuple[PictureFindings, list[str]]]:
    """What the check finds in a zip, and the sources that are unpacked by what it has `seen`, or by another text."""

    def take(
        files: Mapping[str, bytes], seconds: float = 20, seen: str | None = None
    ) -> tuple[PictureFindings, list[str]]:
        path = write(tmp_path, zip_bytes(files))
        findings = inspect_pictures(path, Limits(), decode_seconds=seconds)
        target = tmp_path / "data"
        unpack_pictures(path, target, Limits(), seen=findings.seen if seen is None else seen)
        with (target / "manifest.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert all((target / row["file"]).read_bytes() == files[row["source"]] for row in rows)
        return findings, [row["source"] for row in rows]

    return take


def test_what_the_check_decoded_is_not_decoded_again(taken, decoded):
    files = {**two_classes(), "cats/cut.jpg": CUT, "dogs/9.png": picture(9, "PNG")}
    findings, sources = taken(files)
    assert sorted(decoded) == sorted(files.values())
    assert set(sources) == set(files) - {"cats/cut.jpg"}
    assert findings.sample_count == len(sources)


def test_what_the_check_had_no_time_for_is_decoded_when_it_is_unpacked(taken, decoded):
    files = {**pictures("cats", 30), **pictures("dogs", 30), "dogs/cut.jpg": CUT}
    findings, sources = taken(files, seconds=0)
    assert findings.sample_count == 61
    assert "dogs/cut.jpg" not in sources
    assert len(sources) == 60
    # Once each: some by the check, for the thumbnails.
    assert sorted(decoded) == sorted(files.values())


def test_it_tells_of_what_it_had_no_time_for(taken):
    files = {**pictures("cats", 30), **pictures("dogs", 30)}
    findings, _ = taken(files, seconds=0)
    # Nobody need do anything about it, so it is no warning.
    assert (findings.headers_only, findings.warnings) == (36, [])
    assert findings.to_json()["headers_only"] == 36
    findings, _ = taken(files)
    assert findings.headers_only == 0


def test_a_class_that_the_check_left_out_stays_out(taken):
    files = {**two_classes(), "birds/1.jpg": CUT, "birds/2.jpg": picture(7)}
    findings, sources = taken(files)
    assert [entry.label for entry in findings.classes] == ["cats", "dogs"]
    assert set(sources) == set(two_classes())


def test_what_was_seen_of_another_zip_counts_for_nothing(taken, decoded):
    other, _ = taken({**two_classes(), "cats/4.jpg": picture(4, size=(99, 20))})
    decoded.clear()
    files = {**two_classes(), "cats/4.jpg": CUT}
    _, sources = taken(files, seen=other.seen)
    assert len(decoded) == 2 * len(files)
    assert set(sources) == set(two_classes())


@pytest.mark.parametrize(
    "damage", [str.upper, lambda text: text[:-8], lambda text: text + "=", lambda text: ""]
)
def test_a_damaged_text_counts_for_nothing(damage):
    seen = Seen(THREE)
    seen[0], seen[2] = LEFT_OUT, GOOD
    again = Seen(THREE, seen.to_text())
    assert [again[place] for place in range(3)] == [LEFT_OUT, UNSEEN, GOOD]
    assert again.unseen == 1
    odd = Seen(THREE, damage(seen.to_text()))
    assert [odd[place] for place in range(3)] in ([UNSEEN] * 3, [LEFT_OUT, UNSEEN, GOOD])
    assert Seen([*THREE[:2], (900, 5)], seen.to_text()).unseen == 3


def test_what_is_seen_of_many_pictures_is_short():
    seen = Seen([(i, i) for i in range(100_000)])
    for place in range(0, 90_000):
        seen[place] = GOOD
    seen[500] = LEFT_OUT
    assert len(seen.to_text()) < 1_000
