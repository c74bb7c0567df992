"""What Python's own modules write: csv in each dialect, json, sqlite3, plistlib, mailbox, tarfile, shelve."""

import csv
import io
import json
import mailbox
import plistlib
import sqlite3
import tarfile
from email.message import EmailMessage

from made_up import Expected, rows


def write(expected: Expected) -> None:
    made, flat = rows(), rows(line_ends=False)
    _dialects(expected, made, flat)
    _json(expected, made)
    _other(expected, made)


def _dialects(expected, made, flat) -> None:
    dialects = {
        "excel_tab": {"dialect": "excel-tab"},
        "unix": {"dialect": "unix"},
        "space": {"delimiter": " "},
        "colon": {"delimiter": ":"},
        "nonnumeric": {"quoting": csv.QUOTE_NONNUMERIC},
        "apostrophe": {"quotechar": "'", "quoting": csv.QUOTE_ALL},
        "backslash": {"doublequote": False, "escapechar": "\\"},
        "unit_separator": {"delimiter": "\x1f"},
    }
    for name, options in dialects.items():
        with expected.table(f"csv_{name}.csv", made).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, **options).writerows([("text", "label"), *made])
    with expected.table("csv_none_escaped.csv", flat).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONE, escapechar="\\", quotechar=None)
        writer.writerows([("text", "label"), *flat])
    with expected.table("dict_writer.csv", made).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["created_at", "label", "id", "text"])
        writer.writeheader()
        for number, (text, label) in enumerate(made):
            when = f"2026-05-{1 + number % 28:02}T08:00:00Z"
            writer.writerow({"created_at": when, "label": label, "id": f"{number:06x}", "text": text})


def _json(expected, made) -> None:
    pairs = [list(row) for row in made]
    expected.table("pairs.json", made).write_text(json.dumps(pairs))
    by_label: dict[str, list[str]] = {}
    for text, label in made:
        by_label.setdefault(label, []).append(text)
    expected.table("texts_of_each_label.json", made).write_text(json.dumps(by_label))
    expected.table("label_of_each_text.json", made).write_text(json.dumps(dict(made)))
    deep = {"meta": {"version": 3}, "data": {"train": [{"text": t, "label": n} for t, n in made]}}
    expected.table("deep.json", made).write_text(json.dumps(deep, indent=1))
    numbered = {str(number): {"text": text, "label": label} for number, (text, label) in enumerate(made)}
    expected.table("numbered.json", made).write_text(json.dumps(numbered))
    lines = "".join(repr({"text": text, "label": label}) + "\n" for text, label in made)
    expected.table("literals.txt", made).write_text(lines, encoding="utf-8")
    sequences = "".join(f"\x1e{json.dumps({'text': t, 'label': n})}\n" for t, n in made)
    expected.table("json_sequence.json", made, or_refused="JSON").write_text(sequences)


def _other(expected, made) -> None:
    path = expected.refused("rows.sqlite3", "sentences", "SQLite|database")
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE made (text, label)")
    base.executemany("INSERT INTO made VALUES (?, ?)", made)
    base.commit()
    base.close()
    listed = [{"text": text, "label": label} for text, label in made]
    expected.refused("rows.plist", "sentences", "XML|property list|plist").write_bytes(plistlib.dumps(listed))
    box = mailbox.mbox(expected.refused("mails.mbox", "sentences", "mail|column|label"))
    for text, label in made[:30]:
        mail = EmailMessage()
        mail["Subject"], mail["From"] = label, "a@example.org"
        mail.set_content(text)
        box.add(mail)
    box.close()
    with tarfile.open(expected.table("folders.tar.gz", made), "w:gz") as archive:
        for number, (text, label) in enumerate(made):
            info = tarfile.TarInfo(f"messages/{label}/{number:03}.txt")
            content = text.encode()
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
