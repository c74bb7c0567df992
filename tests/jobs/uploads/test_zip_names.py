import io
import struct
import warnings
import zipfile
import zlib

import pytest

from jobs.uploads.name_encodings import guess_encoding
from tests.jobs.uploads.builders import picture, pictures, two_classes, zip_bytes


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def raw_zip(labels, encoding, *, unicode_field=False, damaged=False):
    """A zip without the UTF-8 flag: three pictures in a folder for each label."""
    entries = [(f"{label}/{i}.jpg", picture(i + 10 * k)) for k, label in enumerate(labels) for i in range(3)]
    body, directory = b"", b""
    for name, data in entries:
        raw, extra = name.encode(encoding), b""
        if unicode_field:
            told = struct.pack("<BL", 1, zlib.crc32(raw) ^ damaged) + name.encode()
            extra = struct.pack("<HH", 0x7075, len(told)) + told
        head = struct.pack(
            "<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(raw), len(extra)
        )
        place = struct.pack("<3H2L", 0, 0, 0, 0, len(body))
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + head + place + raw + extra
        body += b"PK\x03\x04" + head + raw + extra + data
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(body), 0
    )
    return body + directory + end


@pytest.mark.parametrize(
    ("encoding", "labels"),
    [
        ("cp932", ["りんご", "みかん"]),
        ("cp949", ["사과", "딸기"]),
        ("gb18030", ["合格", "不合格"]),
        ("cp950", ["健康", "生病"]),
        ("cp866", ["яблоко", "груша"]),
        ("cp1251", ["дуб", "берёза"]),
        ("cp850", ["niño", "señora"]),
        ("cp437", ["Äpfel", "Nüsse"]),
    ],
)
def test_the_code_page_is_guessed_over_all_names_and_said(inspect_zip, encoding, labels):
    findings = inspect_zip(raw_zip(labels, encoding))
    assert classes(findings) == dict.fromkeys(labels, 3)
    assert any("code page" in note.message for note in findings.repairs)


def test_the_unicode_field_counts_before_any_guess(inspect_zip):
    findings = inspect_zip(raw_zip(["żubr", "ryś"], "cp852", unicode_field=True))
    assert classes(findings) == {"ryś": 3, "żubr": 3}
    assert not findings.repairs
    assert not findings.questions


def test_a_unicode_field_of_another_name_is_not_believed(inspect_zip):
    findings = inspect_zip(raw_zip(["кот", "пёс"], "cp866", unicode_field=True, damaged=True))
    assert any("code page" in note.message for note in findings.repairs)


def test_the_encoding_can_be_chosen(inspect_zip):
    data = raw_zip(["żubr", "ryś"], "cp852")
    assert classes(inspect_zip(data, names_encoding="cp852")) == {"ryś": 3, "żubr": 3}
    assert "ryś" not in classes(inspect_zip(data, names_encoding="cp437"))


def test_where_two_code_pages_fit_it_is_asked(inspect_zip):
    [question] = inspect_zip(raw_zip(["kočka", "pes"], "cp852")).questions
    assert question.field == "names_encoding"
    assert "kočka" in question.message
    assert question.guess in question.choices
    assert len(question.choices) > 1


def test_an_unknown_encoding_is_refused(inspect_zip, refusal_of):
    refusal = refusal_of(inspect_zip, two_classes(), names_encoding="rot13")
    assert (refusal.status, refusal.code) == (400, "picture_options_invalid")
    assert "names_encoding" in refusal.fields


def test_utf8_is_known_whatever_the_flag():
    assert guess_encoding([word.encode() for word in ("żółw", "犬", "plain")]).encoding == "utf-8"


def test_any_bytes_have_an_encoding():
    assert guess_encoding([bytes(range(128, 256)), b"\xff"]).encoding


@pytest.mark.parametrize("slash", ["/", "\\"])
def test_a_slash_in_front_is_passed_over(inspect_zip, slash):
    findings = inspect_zip({slash + name.replace("/", slash): data for name, data in two_classes().items()})
    assert classes(findings) == {"cats": 3, "dogs": 3}
    assert any("begin with a slash" in note.message for note in findings.repairs)


def test_colons_belong_to_names(inspect_zip):
    files = {
        name.replace("cats", "A: cats").replace("dogs", "1:2"): data for name, data in two_classes().items()
    }
    assert classes(inspect_zip(files)) == {"1:2": 3, "A: cats": 3}


def test_a_file_that_is_in_the_zip_twice_counts_once(inspect_zip):
    buffer = io.BytesIO(zip_bytes(two_classes()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr("cats/0.jpg", two_classes()["cats/0.jpg"])
            archive.writestr("dogs/0.jpg", picture(4711))
    findings = inspect_zip(buffer.getvalue())
    assert classes(findings) == {"cats": 3, "dogs": 4}
    assert any("2 times in the zip" in note.message for note in findings.repairs)


def test_bytes_behind_the_end_and_a_mark_for_splitting_in_front_do_no_harm(inspect_zip):
    data = zip_bytes(pictures("cats") | pictures("dogs"))
    assert inspect_zip(data + b"\0" * 512).sample_count == 6
    assert inspect_zip(b"PK\x07\x08" + data).sample_count == 6
