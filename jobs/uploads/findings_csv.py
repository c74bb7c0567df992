"""Findings as a CSV file for download, harmless in a spreadsheet."""

import csv
import io
from collections.abc import Iterator

from jobs.uploads.findings import Findings

# What a spreadsheet would run as a formula (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def findings_csv(findings: Findings) -> Iterator[str]:
    """Lines of a CSV with kind, where, message: every repair, skipped sample and warning that was kept."""
    yield _line("kind", "where", "message")
    for kind, notes in (
        ("repair", findings.repairs),
        ("skipped", findings.skipped),
        ("warning", findings.warnings),
    ):
        for note in notes:
            yield _line(kind, note.where, note.message)
    more = findings.skipped_count - len(findings.skipped)
    if more > 0:
        yield _line("skipped", "", f"{more:,} more were left out.")


def harmless_cell(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _line(*cells: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow([harmless_cell(cell) for cell in cells])
    return buffer.getvalue()
