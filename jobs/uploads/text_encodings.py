"""The encodings that one may choose for a text."""

from typing import Any

from jobs.uploads.reading_options import OptionType, ReadingOption

# Codecs a spreadsheet may have saved with; a closed list, because Python has codecs that are no text at all.
ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8",
    "utf-16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
    "windows-1252": "windows-1252", "cp1252": "windows-1252", "latin-1": "windows-1252", "iso-8859-1": "windows-1252",
    "windows-1250": "cp1250", "cp1250": "cp1250", "windows-1251": "cp1251", "cp1251": "cp1251",
    "windows-1253": "cp1253", "windows-1254": "cp1254", "windows-1255": "cp1255", "windows-1256": "cp1256",
    "windows-1257": "cp1257", "windows-1258": "cp1258", "windows-874": "cp874", "cp874": "cp874", "tis-620": "cp874",
    "cp850": "cp850", "cp866": "cp866", "iso-8859-5": "iso8859-5",
    "koi8-r": "koi8-r", "iso-8859-2": "iso-8859-2", "iso-8859-15": "iso-8859-15", "mac-roman": "mac-roman",
    "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "big5": "big5",
    "shift-jis": "cp932", "shift_jis": "cp932", "cp932": "cp932", "euc-jp": "euc-jp",
    "euc-kr": "cp949", "cp949": "cp949",
}  # fmt: skip
_TO_CHOOSE = (
    ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("windows-1252", "Windows-1252 (Western)"),
    ("windows-1250", "Windows-1250 (Central European)"), ("windows-1251", "Windows-1251 (Cyrillic)"),
    ("windows-1253", "Windows-1253 (Greek)"), ("windows-1254", "Windows-1254 (Turkish)"),
    ("windows-1255", "Windows-1255 (Hebrew)"), ("windows-1256", "Windows-1256 (Arabic)"),
    ("koi8-r", "KOI8-R (Cyrillic)"), ("cp866", "CP866 (DOS, Cyrillic)"), ("cp850", "CP850 (DOS, Western)"),
    ("mac-roman", "Mac Roman (Western)"), ("shift_jis", "Shift JIS (Japanese)"), ("euc-jp", "EUC-JP (Japanese)"),
    ("gbk", "GBK (Chinese)"), ("big5", "Big5 (Chinese)"), ("euc-kr", "EUC-KR (Korean)"), ("tis-620", "TIS-620 (Thai)"),
)  # fmt: skip
# The end of an advice, for where this option is there.
OR_CHOOSE_ENCODING = ", or choose the encoding yourself"
ENCODING = ReadingOption(
    name="encoding",
    type=OptionType.CHOICE,
    label="Encoding",
    choices=_TO_CHOOSE,
    open=True,
)


def read_encoding(value: Any) -> str:
    """Python's name of the encoding; raises ValueError with a sentence."""
    found = ENCODINGS.get(str(value).strip().lower())
    if found is None:
        raise ValueError("Choose an encoding such as utf-8, utf-16, windows-1252 or gbk.")
    return found
