import pytest

from jobs.uploads.code_pages import likely_code_pages

SAMPLES = {
    "windows-1250": ("cp1250", "Proszę o zwrot pieniędzy za łódź {i}", ("łoś", "żółw")),
    "iso-8859-2": ("iso8859_2", "Proszę o zwrot za maść i łódź {i}", ("łoś", "żółw")),
    "windows-1251": ("cp1251", "Новая лодка была дорогой {i}", ("река", "море")),
    "koi8-r": ("koi8_r", "Новая лодка была дорогой {i}", ("река", "море")),
    "cp866": ("cp866", "Новая лодка была дорогой {i}", ("река", "море")),
    "windows-1253": ("cp1253", "Η βάρκα ήταν ακριβή {i}", ("θάλασσα", "ποτάμι")),
    "windows-1255": ("cp1255", "הסירה הייתה יקרה {i}", ("ים", "נהר")),
    "windows-1256": ("cp1256", "كان القارب غاليا {i}", ("بحر", "نهر")),
    "windows-874": ("cp874", "เรือลำใหม่มีราคาแพง {i}", ("ทะเล", "แม่น้ำ")),
    "mac-roman": ("mac_roman", "Le bateau était très délabré et ça alors {i}", ("île", "forêt")),
    "windows-1252": ("cp1252", "Das Boot war schön und dann für Große {i}", ("See", "Flüsse")),
    "shift_jis": ("cp932", "新しいボートは高かったです {i}", ("海", "湖水")),
    "euc-jp": ("euc_jp", "新しいボートは高かったです {i}", ("海", "湖水")),
    "iso-2022-jp": ("iso2022_jp", "新しいボートは高かったです {i}", ("海", "湖水")),
    "gbk": ("gb18030", "新船很贵、但是我们喜欢它 {i}", ("海洋", "河流")),
    "big5": ("big5", "新船很貴、但是我們喜歡它 {i}", ("海洋", "河流")),
    "euc-kr": ("cp949", "새 배는 비싸지만 우리는 좋아합니다 {i}", ("바다", "강물")),
    "utf-32": ("utf-32", "Das Boot war schön {i}", ("See", "Flüsse")),
    "utf-32-le": ("utf-32-le", "Das Boot war schön {i}", ("See", "Flüsse")),
    "utf-32-be": ("utf-32-be", "Das Boot war schön {i}", ("See", "Flüsse")),
}  # fmt: skip


def told(findings):
    return " ".join(map(str, [*findings.repairs, *findings.skipped, *findings.warnings]))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("rows", [12, 3_000])
def test_it_tells_old_code_pages_by_their_letters(inspect_text, name, rows):
    codec, text, labels = SAMPLES[name]
    lines = [f"{text.format(i=i)},{labels[i % 2]}" for i in range(rows)]
    findings = inspect_text("\n".join(["text,label", *lines]).encode(codec))
    assert findings.encoding == name
    assert {entry.label for entry in findings.classes} == set(labels)
    assert findings.sample_count == rows
    assert name in told(findings)


@pytest.mark.parametrize("name", ["shift_jis", "windows-1251", "windows-1250"])
def test_labels_alone_may_tell_it(inspect_text, name):
    codec, _, labels = SAMPLES[name]
    data = "\n".join(["text,label", *(f"A boat number {i},{labels[i % 2]}" for i in range(40))])
    findings = inspect_text(data.encode(codec))
    assert {entry.label for entry in findings.classes} == set(labels)


DOORS = ("Tür", "Bär")
UMLAUTS = "\n".join(["text,label", *(f"Das Mädchen {i},{DOORS[i % 2]}" for i in range(60))]).encode()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("stray", [b"\xe9", b"\xff", b"\xc3", b"\xe2\x82"])
def test_a_stray_byte_does_not_outvote_right_letters(inspect_text, mark, stray):
    findings = inspect_text(mark + UMLAUTS + b"\nin a caf" + stray + b" there,B\xc3\xa4r\n")
    assert findings.encoding == "utf-8"
    assert {entry.label: entry.count for entry in findings.classes} == {"Tür": 30, "Bär": 31}
    assert any(note.where == "Row 62" for note in findings.repairs)


def test_labels_are_never_merged_by_letters_that_were_lost(inspect_text):
    findings = inspect_text(UMLAUTS + b"\none,B\xe4r\ntwo,B\xf6r\nthree,T\xfcr\n")
    assert {entry.label: entry.count for entry in findings.classes} == {"Tür": 30, "Bär": 30}
    assert [note.where for note in findings.skipped] == ["Row 62", "Row 63", "Row 64"]


def test_few_letters_are_taken_for_the_commonest_code_page(inspect_text):
    assert inspect_text(b"text,label\n" + b"a caf\xe9,x\nno,y\n" * 4).encoding == "windows-1252"
    assert likely_code_pages(b"caf\xe9") == ["cp1252"]


@pytest.mark.parametrize(
    "data", [b"\x80" * 40, b"\xff\xfd" * 50, bytes(range(128, 256)) * 3, b"\xa1,\xa1\n" * 9]
)
def test_any_bytes_have_a_likely_code_page(data):
    assert likely_code_pages(data)
