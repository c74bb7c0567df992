"""Made-up messages to a library, sorted by what people want."""

import io
import json
import tarfile
import zipfile
from collections import Counter

from jobs.kinds.sentences.findings import TableFindings

WISHES = {
    "renew": ("keep", "longer", "extend", "loan", "week"),
    "find": ("shelf", "where", "author", "title", "search"),
    "pay": ("fine", "fee", "coins", "owe", "receipt"),
}
LABELS = tuple(WISHES)
COUNT = 30
ROWS = [
    (
        f"{WISHES[LABELS[i % 3]][i % 5]} my book {i} {WISHES[LABELS[i % 3]][(i + 2) % 5]} please",
        LABELS[i % 3],
    )
    for i in range(COUNT)
]
TEXTS = [text for text, _ in ROWS]
ITEMS = [{"text": text, "label": label} for text, label in ROWS]
ALL = dict.fromkeys(LABELS, COUNT // 3)


def classes(findings: TableFindings) -> dict[str, int]:
    return {entry.label: entry.count for entry in findings.classes}


def repairs(findings: TableFindings) -> str:
    return " ".join(map(str, findings.repairs))


def lines(items: object) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)  # type: ignore[attr-defined]


def by_label() -> dict[str, list[str]]:
    return {label: [text for text, own in ROWS if own == label] for label in LABELS}


def csv_of(rows: object, header: str = "text,label\n") -> str:
    return header + "".join(f"{text},{label}\n" for text, label in rows)  # type: ignore[attr-defined]


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, str], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as target:  # type: ignore[call-overload]
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            target.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def reasons(findings: TableFindings) -> Counter[str]:
    return Counter(note.message for note in findings.skipped)
