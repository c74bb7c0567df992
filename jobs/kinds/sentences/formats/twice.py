"""Text that was made UTF-8 twice: its bytes were taken for windows-1252 on the way ("cafÃ©" for "café")."""

import re

_FOREIGN = re.compile(r"[^\x00-\x7f]+")
# Pairs of letters and signs that hardly anybody writes.
_SURE = re.compile(
    "[\u00c2\u00c3][\u00a0-\u00bf]|\u00e2\u20ac[\u2122\u0153\u02dc\u00a6\u201c\u201d\u009d]|[\u00d0\u00d1][\u00b0-\u00bf\u20ac\u201a]"
)
_FIRSTS = ("\u00c3", "\u00c2", "\u00e2\u20ac", "\u00d0", "\u00d1")


def _byte(number: int) -> dict[str, int]:
    """The letters that a byte may have become: what windows-1252 says, or a control character where it says nothing."""
    try:
        return {bytes([number]).decode("cp1252"): number, chr(number): number}
    except UnicodeDecodeError:
        return {chr(number): number}


_BYTES = {letter: byte for number in range(0x80, 0x100) for letter, byte in _byte(number).items()}


def signs_of_twice(text: str) -> int:
    """How many pairs of letters in a text tell that it was made UTF-8 twice."""
    if not any(first in text for first in _FIRSTS):
        return 0
    return len(_SURE.findall(text))


def once(line: str) -> str:
    """The line as it was meant, where all of it that is not ASCII was made UTF-8 twice; else as it is."""
    if line.isascii():
        return line
    try:
        return _FOREIGN.sub(_meant, line)
    except (KeyError, UnicodeDecodeError):
        return line


def _meant(match: re.Match[str]) -> str:
    return bytes(map(_BYTES.__getitem__, match[0])).decode("utf-8")
