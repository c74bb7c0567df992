"""Opens a table, whatever its format, and yields the rows that can be used."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from jobs.kinds.sentences.columns.layout import Layout, find_layout
from jobs.kinds.sentences.formats.contract import Cells, Reader
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads.errors import TABLE_EXAMPLE, ColumnChoice, UploadRefused, shown
from jobs.uploads.findings import Notes
from jobs.uploads.names import clean_label
from jobs.uploads.picture_lists import PICTURE_LIST, are_pictures
from training.ground.limits import Limits

_SAMPLE_ROWS = 2_000
_SAMPLE_CHARS = 4 * 1024 * 1024
_MOST_SPELLINGS = 50_000
_EARLY = 2_000
_GLANCE_ROWS, _GLANCE_CHARS = 5, 80


class Table:
    """A table that was understood; `rows` may be read several times. Raises UploadRefused."""

    def __init__(self, reader: Reader, options: TableOptions, limits: Limits, notes: Notes) -> None:
        self._reader = reader
        self._limits = limits
        self._notes = notes
        sample = list(_first_rows(reader.records()))
        self.layout: Layout = find_layout(reader, sample, options, limits, notes)
        self.encoding, self.delimiter = reader.encoding, reader.delimiter
        refuse_pictures(sample, self.layout.input, self.layout.columns[self.layout.input])
        self._labels: dict[str, str] = {}
        first = 1 if self.layout.has_header and reader.columns is None else 0
        self._glance = sample[first : first + _GLANCE_ROWS]

    def choice(self) -> ColumnChoice:
        """What a person needs to choose other columns."""
        names, width = self.layout.columns, len(self.layout.columns)
        return ColumnChoice(
            names=names,
            input=names[self.layout.input],
            label=names[self.layout.label],
            rows=[[shown(cell or "", _GLANCE_CHARS) for cell in row[:width]] for row in self._glance],
        )

    def where(self, number: int) -> str:
        """A row as the user finds it in the file."""
        return f"{self._reader.unit} {number:,}"

    def rows(self) -> Iterator[tuple[int, str, str]]:
        """(number, text, cleaned label) of every usable row; the others become notes."""
        text_at, label_at, width = self.layout.input, self.layout.label, len(self.layout.columns)
        most_chars, labels = self._limits.max_field_chars, self._labels
        least = max(text_at, label_at) + 1
        count = ragged = 0
        for number, cells in self._data():
            count += 1
            if count > self._limits.max_rows:
                raise self._too_many_rows()
            if not least <= len(cells) <= width and not self._fits(cells, least, width):
                if any(cell is None or cell.strip() for cell in cells):
                    ragged += 1
                    self._skip_ragged(number, cells, ragged, count)
                elif cells:
                    self._notes.skip(self.where(number), "Left out: the row is empty.")
                continue
            text, raw = cells[text_at], cells[label_at]
            if text is None or raw is None:
                self._notes.skip(
                    self.where(number), "Left out: text or label is a list or an object, not a single value."
                )
                continue
            label = labels.get(raw)
            if label is None:
                label = self._clean(raw, number)
            text = text.strip()
            if not text or not label:
                self._skip_incomplete(number, text, label)
                continue
            if len(text) > most_chars:
                raise self._too_long(number)
            yield number, text, label
        self._check_ragged(ragged, count)

    def _data(self) -> Iterator[tuple[int, Cells]]:
        records = iter(self._reader.records())
        if not self.layout.has_header or self._reader.columns is not None:
            return records
        # Empty rows above the header are no data either.
        return itertools.islice(itertools.dropwhile(_is_blank, records), 1, None)

    @staticmethod
    def _fits(cells: Cells, least: int, width: int) -> bool:
        """Too many cells do no harm when the rest is empty: `text,label,,`."""
        return len(cells) >= least and not any(cells[width:])

    def _clean(self, raw: str, number: int) -> str:
        label = clean_label(raw, self.where(number), self._limits.max_label_chars)
        if len(self._labels) > _MOST_SPELLINGS:
            self._labels.clear()
        self._labels[raw] = label
        return label

    def _skip_incomplete(self, number: int, text: str, label: str) -> None:
        missing = "the label is" if text else "the text is" if label else "text and label are"
        self._notes.skip(self.where(number), f"Left out: {missing} empty.")

    def _skip_ragged(self, number: int, cells: Cells, ragged: int, count: int) -> None:
        self._notes.skip(self.where(number), f"Left out: it has {self._difference(cells)}.")
        if count >= _EARLY:
            self._check_ragged(ragged, count)

    def _difference(self, cells: Cells) -> str:
        return (
            f"{len(cells)} cells instead of {len(self.layout.columns)} "
            f"({shown(' | '.join(cell or '' for cell in cells[:5]), 60)})"
        )

    def _check_ragged(self, ragged: int, count: int) -> None:
        if ragged * 2 < count or not ragged:
            return
        first = next((note for note in self._notes.skipped if " cells instead of " in note.message), None)
        example = f" {first}" if first else ""
        raise UploadRefused(
            f"{ragged:,} of {count:,} rows do not have the {len(self.layout.columns)} cells of the others.{example} "
            f'Put text that contains the separator between quotation marks ("like, this"). {TABLE_EXAMPLE}',
            status=422,
            code="table_ragged",
            notes=self._notes.skipped,
        )

    def _too_many_rows(self) -> UploadRefused:
        return UploadRefused(
            f"The table has more than {self._limits.max_rows:,} rows. Send fewer.",
            status=413,
            code="too_many_rows",
        )

    def _too_long(self, number: int) -> UploadRefused:
        return UploadRefused(
            f"{self.where(number)}: the text is longer than {self._limits.max_field_chars:,} characters. "
            "Shorten it or leave the row out.",
            status=413,
            code="field_too_long",
        )


def refuse_pictures(sample: Sequence[Cells], index: int, column: str) -> None:
    """Refuses (415) a table whose texts are names of pictures."""
    cells = [row[index] or "" for row in sample[1:] if index < len(row)]
    if are_pictures(cells):
        raise UploadRefused(
            f'This table lists pictures ("{shown(column, 40)}" is "{shown(cells[0], 40)}" and the like), it holds no '
            f"texts. {PICTURE_LIST}",
            status=415,
            code="wrong_kind",
        )


def _first_rows(records: Iterable[tuple[int, Cells]]) -> Iterator[Cells]:
    """The first rows that are not empty, as many as a look needs."""
    chars = 0
    filled = (record for record in records if not _is_blank(record))
    for _, cells in itertools.islice(filled, _SAMPLE_ROWS):
        yield cells
        chars += sum(len(cell or "") for cell in cells)
        if chars > _SAMPLE_CHARS:
            return


def _is_blank(record: tuple[int, Cells]) -> bool:
    return not any(cell is None or cell.strip() for cell in record[1])
