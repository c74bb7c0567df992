"""Parts of files that read like one file."""

import io
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from modelstore.ground.segments import Segment, Segments, buffered

CONTENTS = (bytes(range(100)), b"x" * 30, b"")
PARTS = st.lists(
    st.tuples(st.integers(0, len(CONTENTS) - 1), st.integers(0, 120), st.integers(0, 120)), max_size=5
)


def whole(parts: Sequence[tuple[int, int, int]]) -> list[tuple[bytes, int, int]]:
    """Those that lie in their files."""
    return [
        (CONTENTS[n], at, min(size, len(CONTENTS[n]) - at)) for n, at, size in parts if at <= len(CONTENTS[n])
    ]


@given(PARTS, st.integers(0, 300), st.integers(1, 50))
def test_they_read_and_seek_as_one_file(parts: list[tuple[int, int, int]], place: int, size: int) -> None:
    found = whole(parts)
    expected = b"".join(content[at : at + length] for content, at, length in found)
    file = buffered([Segment(io.BytesIO(content), at, length) for content, at, length in found])
    assert file.read() == expected
    assert file.seek(0, io.SEEK_END) == file.tell() == len(expected)
    file.seek(place)
    assert file.read(size) == expected[place : place + size]
    file.seek(0)
    assert b"".join(iter(lambda: file.read(size), b"")) == expected


def test_segments_may_be_of_one_file_and_closing_closes_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    source = (tmp_path / "file").open("rb")
    file = buffered([Segment(source, 6, 4), Segment(source, 0, 2)])
    assert file.read() == b"678901"
    file.close()
    assert source.closed


def test_a_file_that_is_too_short_ends_early() -> None:
    file = Segments([Segment(io.BytesIO(b"abc"), 0, 5), Segment(io.BytesIO(b"def"), 0, 3)])
    assert file.readall() == b"abc"
