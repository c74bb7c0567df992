"""Which old code page a text was written in: a detector's vote on a sample of what is not ASCII."""

import re
import unicodedata
from collections.abc import Sequence

_SAMPLE = 24 * 1024
_LATIN = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "mac_roman", "cp850")
_ALONE = 0.8
_FEW = 4  # so few letters tell nothing
_HIGH_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_HIGH = re.compile(rb"[\x80-\xff]+")
_HANZI = re.compile(rb"(?:[\xa1-\xa3\xb0-\xd7][\xa1-\xfe])+")  # GB2312: punctuation and the common characters
_PLAIN = "cp1252"
_CANDIDATES = [
    _PLAIN, "cp1250", "iso8859_2", "cp1254", "cp1257", "mac_roman", "cp850", "cp1251", "koi8_r", "cp866", "iso8859_5",
    "cp1253", "cp1255", "cp1256", "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip
NAMES = {
    "cp1252": "windows-1252", "cp1250": "windows-1250", "iso8859_2": "iso-8859-2", "cp1254": "windows-1254",
    "cp1257": "windows-1257", "mac_roman": "mac-roman", "cp850": "cp850", "cp1251": "windows-1251", "koi8_r": "koi8-r",
    "cp866": "cp866", "iso8859_5": "iso-8859-5", "cp1253": "windows-1253", "cp1255": "windows-1255",
    "cp1256": "windows-1256", "cp874": "windows-874", "cp932": "shift_jis", "euc_jp": "euc-jp", "gb18030": "gbk",
    "big5": "big5", "cp949": "euc-kr",
}  # fmt: skip
_FOREIGN = re.compile(r"[^\x00-\x7f]")
# Signs that may well stand beside a letter: quotes, dashes, marks of trade, accents of their own.
_BESIDE = frozenset(
    "\u00ab\u00bb\u00b4\u00b7\u00ae\u2122\u2026\u2032\u00a1\u00bf\u00a0\u0589"
    + "".join(map(chr, range(0x2010, 0x2020)))
)
_CURLY = frozenset("\u2018\u2019\u201c\u201d\u2013\u2014\u2026")  # as word processors put into any text
_COMMON = {"cp932": "shift_jis", "euc_jp": "euc_jp", "gb18030": "gbk", "big5": "big5", "cp949": "euc_kr"}
_PAIRED = 1.3  # bytes above ASCII for each letter
_IMPOSSIBLE = 10.0
_DOUBLE = ("cp932", "euc_jp", "gb18030", "big5", "cp949")


def likely_code_pages(data: bytes) -> list[str]:
    """Python's names of the code pages that `data` may be in, the likeliest first; never empty.

    `data` is a text in one code page, or those parts of it that are not ASCII.
    """
    lines = b"\n".join(_HIGH_LINE.findall(data))[:_SAMPLE]
    runs = _HIGH.findall(lines)
    if sum(map(len, runs)) < _FEW:
        return [_PLAIN]
    sure = _two_byte_letters(runs)
    found = [sure] if sure else []
    found += [name for name in _voted(lines) if name not in found]
    if not sure and sum(len(run) == 1 for run in runs) > _ALONE * len(runs):
        found.sort(
            key=lambda name: name not in _LATIN
        )  # letters of other scripts do not stand alone among ours
    return [*found, _PLAIN] if _PLAIN not in found else found


def next_best(taken: str, pages: Sequence[str]) -> str:
    """What people call the code page to try after `taken`, whose letters fit next best; "" where there is none."""
    return next((NAMES[page] for page in (*pages, _PLAIN) if page != taken and page in NAMES), "")


def _voted(lines: bytes) -> list[str]:
    # Here, because it takes a tenth of a second that a web process has no use for otherwise.
    from charset_normalizer import from_bytes

    # A letter cut in two at the end of the sample would speak against the right code page.
    whole = lines[: lines.rfind(b"\n")] if len(lines) >= _SAMPLE and b"\n" in lines else lines
    matches = from_bytes(whole, steps=8, chunk_size=1024, cp_isolation=list(_CANDIDATES))
    names = [*(match.encoding for match in matches), *_DOUBLE]
    if "cp1250" in names:
        names.append("iso8859_2")  # nearly the same, so the detector names one of them
    oddity = {name: _oddity(whole, name) for name in names}
    names = sorted(
        (name for name in names if oddity[name] < _IMPOSSIBLE),
        key=lambda name: (oddity[name], -_letters(whole, name), name != _PLAIN),
    )
    if names and names[0] not in _DOUBLE and _same(whole, names[0], _PLAIN):
        names.insert(0, _PLAIN)  # where no letter tells them apart, the most frequent one
    return list(dict.fromkeys(names))


def _letters(data: bytes, codec: str) -> float:
    """Share of letters and curly quotes among what is not ASCII, in steps; the same for all of two bytes for one."""
    if codec in _DOUBLE:
        return 1.0
    foreign = _FOREIGN.findall(data.decode(codec))
    fit = sum(1 for sign in foreign if sign.isalpha() or sign in _CURLY)
    return round(fit / max(1, len(foreign)), 1)


def _oddity(data: bytes, codec: str) -> float:
    """Share of what is not ASCII that people hardly write, in steps: rare letters, signs that stick to letters."""
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return _IMPOSSIBLE
    foreign = _FOREIGN.findall(text)
    if codec in _DOUBLE:
        common = sum(len(letter.encode(_COMMON[codec], "ignore")) in (2, 3) for letter in foreign)
        # One byte of another code page may well pair with an ASCII letter.
        paired = sum(map(len, _HIGH.findall(data))) / max(1, len(foreign))
        odd = 1 - common / max(1, len(foreign)) if paired > _PAIRED else _IMPOSSIBLE
    else:
        odd = sum(map(_is_odd, text, text[1:] + " ", " " + text)) / max(1, len(foreign))
    return round(odd, 1)


def _is_odd(letter: str, after: str, before: str) -> bool:
    """A sign within a word, or a capital behind a small letter."""
    if letter.isascii():
        return False
    if letter.isalpha():
        return letter.isupper() and before.islower()
    if letter in _BESIDE or unicodedata.combining(letter) or unicodedata.category(letter) == "Mn":
        return False
    return before.isalpha() or after.isalpha()


def _same(data: bytes, one: str, other: str) -> bool:
    try:
        return data.decode(one) == data.decode(other)
    except UnicodeDecodeError:
        return False


def _two_byte_letters(runs: Sequence[bytes]) -> str | None:
    """Chinese or Korean, told by pairs of bytes that stand together; None where it is not sure."""
    high = sum(map(len, runs))
    words = [run for run in runs if len(run) > 2]
    if sum(map(len, words)) * 2 < high:  # single letters among ASCII
        return None
    pairs = b"".join(b"".join(_HANZI.findall(run)) for run in runs)
    if len(pairs) <= 0.7 * high or sum(len(run) % 2 for run in runs) * 20 >= len(runs):
        return None
    # Japanese has its kana in rows that Chinese hardly uses.
    kana = sum(lead in (0xA4, 0xA5) for run in runs for lead in run[::2])
    if kana * 8 > high:
        return None
    # Korean has nothing in the second half of that range.
    return "cp949" if sum(lead > 0xC8 for lead in pairs[::2]) * 50 < len(pairs) else "gb18030"
