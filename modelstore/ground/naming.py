"""The names that people give: which are taken (one rule for site, API, command line and admin), and as file names.

A person's own words are taken as they are and escaped where they go. Refused is what nobody means to write: control
characters, marks that turn the direction of text around, a name that cannot be seen. Free of Django: the reading of
uploads is, and knows the same characters.
"""

import re
import unicodedata

MAX_LENGTH = 100
# As the insides of a regular expression's brackets, for Python and ECMA-262 alike.
CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ufffe\uffff"
TURNING = r"\u202a-\u202e\u2066-\u2069"
INVISIBLE = r"\u00ad\u061c\u200b-\u200f\u2060\ufeff"
# What the description of the API publishes, and what is enforced.
PATTERN = rf"^[^{CONTROLS}{TURNING}]*[^{CONTROLS}{TURNING}{INVISIBLE}\s][^{CONTROLS}{TURNING}]*$"
RULE = (
    f"Up to {MAX_LENGTH} characters of any alphabet, without line breaks and other control characters. "
    "Left out, it is named after the file or its classes."
)

_MAX_FILE_STEM = 60
# No dot, slash or @ among them: mail programs would make links of such words.
_IN_MAILS = "-_&:,()'"
_NAME = re.compile(PATTERN)
# Half a character (a lone surrogate) cannot be stored; descriptions of the API know none.
_FORBIDDEN = re.compile(rf"[{CONTROLS}{TURNING}\ud800-\udfff]")
_UNSEEN = re.compile(rf"[{INVISIBLE}\s]*")


def problem(name: str) -> str | None:
    """A sentence about why `name` cannot be taken, or None."""
    length = max(len(name), len(tidy(name)))
    if length > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters; this name has {length:,}."
    if _UNSEEN.fullmatch(name):
        return "Give the task a name, such as “cats and dogs”."
    if wrong := _FORBIDDEN.findall(name):
        found = ", ".join(dict.fromkeys(f"U+{ord(character):04X}" for character in wrong[:5]))
        return f"Leave out line breaks and other characters that control how text is shown; found: {found}."
    assert _NAME.fullmatch(name)
    return None


def tidy(name: str) -> str:
    """A name as it is kept: without spaces around it, each letter with its accents as one (NFC)."""
    return unicodedata.normalize("NFC", name).strip()


def from_file(stem: str) -> str:
    """The name that a file gives to a task, `_` being a space; empty where nothing of it can be seen."""
    name = tidy(re.sub(r"[\s_]+", " ", _FORBIDDEN.sub(" ", stem)))[:MAX_LENGTH].rstrip()
    return "" if _UNSEEN.fullmatch(name) else name


def file_stem(name: str) -> str:
    """The beginning of a download's file name, good on every system: lower-case ASCII letters, digits and hyphens.

    Accents are dropped; "model" where nothing is left.
    """
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9_]+", re.sub(r"[^\w\s-]", "", ascii_name))
    return "-".join(words)[:_MAX_FILE_STEM].strip("-_") or "model"


def for_mail(name: str) -> str:
    """The name for a mail to somebody who need not know its author: nothing in it is a link or an address.

    Letters and digits of any alphabet and `-_&:,()'` stay; "Your task" where nothing is left.
    """
    kept = (
        character if character in _IN_MAILS or unicodedata.category(character)[0] in "LMN" else " "
        for character in name
    )
    return " ".join("".join(kept).split()) or "Your task"
