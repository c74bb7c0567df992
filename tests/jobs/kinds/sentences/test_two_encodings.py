"""Text that was made UTF-8 twice, and files put together of parts in two encodings."""

import io
import zipfile

import pytest

from jobs.kinds.sentences.formats.twice import once

WORDS = {"français": ("été", "forêt"), "deutsch": ("Tür", "Größe"), "русский": ("река", "море")}
TEXTS = {
    "français": "Le café était à côté, numéro {i}",
    "deutsch": "Die schöne Straße führt über {i} Brücken",
    "русский": "Новая лодка номер {i}",
}


def table(language, count=30, start=0):
    labels = WORDS[language]
    return "".join(f'"{TEXTS[language].format(i=i)}",{labels[i % 2]}\n' for i in range(start, start + count))


def twice(text):
    """As a program makes it that takes UTF-8 for windows-1252."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


@pytest.mark.parametrize("language", TEXTS)
def test_what_was_made_utf8_twice_is_read_as_it_was_meant(inspect_text, language):
    text = "text,label\n" + table(language)
    findings = inspect_text(twice(text))
    assert classes(findings) == dict.fromkeys(sorted(WORDS[language]), 15)
    assert {row[0] for row in findings.rows} <= {TEXTS[language].format(i=i) for i in range(30)}
    (note,) = [note for note in findings.repairs if "twice" in note.message]
    assert note.undo == {"encoding": "utf-8"}
    assert classes(inspect_text(twice(text), **note.undo)) == {twice(label): 15 for label in WORDS[language]}


def test_only_the_lines_that_were_made_so_are_changed(inspect_text):
    text = "text,label\n" + table("français") + twice(table("français", 10, start=30))
    assert classes(inspect_text(text)) == {"forêt": 20, "été": 20}


@pytest.mark.parametrize(
    "line", ["NÃO É VERDADE", "“MAÇÃ” é boa", "«CAFÉ» Â, Ã", "plain", "Ärger über Öl", "Пока", "价格 Ã©"]
)
def test_what_is_right_stays(line):
    assert once(line) == line


def test_right_text_with_such_letters_stays(inspect_text):
    text = "text,label\n" + "".join(f"NÃO É À VISTA Â {i},{('maçã', 'irmã')[i % 2]}\n" for i in range(20))
    findings = inspect_text(text)
    assert classes(findings) == {"irmã": 10, "maçã": 10}
    assert "twice" not in str(findings.repairs)


@pytest.mark.parametrize(
    ("language", "codec", "name"),
    [("deutsch", "cp1252", "windows-1252"), ("русский", "cp1251", "windows-1251")],
)
@pytest.mark.parametrize("more", [30, 3_000])
def test_each_line_is_read_in_its_own_encoding(inspect_text, language, codec, name, more):
    first, second = table(language), table(language, more, start=30)
    findings = inspect_text(("text,label\n" + first).encode() + second.encode(codec))
    assert classes(findings) == dict.fromkeys(sorted(WORDS[language]), 15 + more // 2)
    (note,) = [note for note in findings.repairs if "like the others" in note.message]
    assert note.where == f"Lines 32 to {31 + more:,}"
    assert name in note.message
    assert note.undo == {"encoding": name}


def test_the_old_code_page_may_come_first(inspect_text):
    data = ("text,label\n" + table("deutsch")).encode("cp1252") + table("deutsch", start=30).encode()
    assert classes(inspect_text(data)) == {"Größe": 30, "Tür": 30}


@pytest.mark.parametrize(("language", "codec"), [("русский", "cp1251"), ("deutsch", "cp1252")])
def test_texts_in_folders_are_looked_at_together(inspect_text, language, codec):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in ("one", "two"):
            for i in range(8):
                archive.writestr(f"{folder}/{i}.txt", TEXTS[language].format(i=i).encode(codec))
    findings = inspect_text(buffer.getvalue(), name="texts.zip")
    assert {row[0] for row in findings.rows} <= {TEXTS[language].format(i=i) for i in range(8)}
    assert any("not UTF-8" in note.message for note in findings.repairs)


def test_texts_of_windows_in_utf16_are_read(inspect_text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in ("one", "two"):
            for i in range(4):
                archive.writestr(f"{folder}/{i}.txt", TEXTS["deutsch"].format(i=i).encode("utf-16"))
    findings = inspect_text(buffer.getvalue(), name="texts.zip")
    assert {row[0] for row in findings.rows} <= {TEXTS["deutsch"].format(i=i) for i in range(4)}
