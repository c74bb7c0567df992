"""Counts the rows of a table and their faults, and refuses it where most rows have the same one."""

from dataclasses import dataclass

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.uploads.errors import UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits


@dataclass(slots=True)
class Tally:
    """Rows so far, and those of each fault. Where most have the same, it is not the rows that are wrong."""

    limits: Limits
    width: int
    rows: int = 0
    ragged: int = 0
    blank: int = 0
    too_long: int = 0
    faults: int = 0
    fault: str = ""

    def check(self, notes: Notes) -> None:
        """Raises UploadRefused where most rows have the same fault."""
        self.check_ragged(notes)
        if self.too_long * 2 > self.rows:
            raise UploadRefused(
                f"{self.too_long:,} of {self.rows:,} texts are longer than {self.limits.max_field_chars:,} "
                "characters. Shorten them, or choose another column.",
                status=413,
                code="field_too_long",
                notes=notes.skipped,
            )
        if self.faults and self.faults * 2 >= self.rows:
            end = "" if self.fault.endswith("?") else "."
            raise UploadRefused(
                f"{self.faults:,} of {self.rows:,} labels cannot be used. {self.fault}{end}",
                status=422,
                code="label_invalid",
                notes=notes.skipped,
            )

    def check_ragged(self, notes: Notes) -> None:
        """Raises UploadRefused where most rows have another number of cells."""
        if self.ragged * 2 < self.rows or not self.ragged:
            return
        first = next((note for note in notes.skipped if " cells instead of " in note.message), None)
        example = f" {first}" if first else ""
        raise UploadRefused(
            f"{self.ragged:,} of {self.rows:,} rows do not have the {self.width} cells of the "
            f'others.{example} Put text that contains the separator between quotation marks ("like, this"). '
            f"{TABLE_EXAMPLE}",
            status=422,
            code="table_ragged",
            notes=notes.skipped,
        )

    def too_many(self) -> UploadRefused:
        """The refusal of a table with more rows than the limits allow."""
        return UploadRefused(
            f"The table has more than {self.limits.max_rows:,} rows. Send fewer.",
            status=413,
            code="too_many_rows",
        )
