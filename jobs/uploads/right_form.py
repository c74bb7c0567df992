"""What an upload should look like, and which kind of task it is for: words for refusals, from the registry of kinds."""

from jobs.uploads.picture_lists import PICTURE_LIST
from training.kinds import KINDS, Kind, Words, kinds_taking


def right_form(kind: Kind | None) -> str:
    """Sentences that show what to upload for `kind`; for every kind where None was chosen."""
    if kind is not None:
        return kind.words.right_form
    return " ".join([_takes(), *(kind.words.right_form for kind in KINDS.values())])


def _takes() -> str:
    *others, last = (kind.words.upload for kind in KINDS.values())
    return f"Flash takes {', '.join(others)} or {last}." if others else f"Flash takes {last}."


def choose_instead(suffix: str, kind: Kind | None) -> str:
    """Sentences, each after a space, that name the other kinds whose uploads may end in `suffix`; "" if none do."""
    others = [other.words for other in kinds_taking(suffix) if other is not kind]
    return "".join(f" {_instead(words)}" for words in others)


def _instead(words: Words) -> str:
    return f'For {words.upload}, choose "{words.title}" instead.'


def ways_instead(kind: Kind) -> list[tuple[str, Kind]]:
    """The other kinds, each with the sentence above that names it: a page has a link for those that a refusal names."""
    return [(_instead(other.words), other) for other in KINDS.values() if other is not kind]


def all_advice() -> list[str]:
    """Every sentence above, for whoever has other advice to give."""
    words = [kind.words for kind in KINDS.values()]
    return [*advice_on_kinds(), *(each.right_form for each in words)]


def advice_on_kinds() -> list[str]:
    """Those that tell what to do with data of another kind: of no use where the kind is settled."""
    return [_takes(), *(_instead(kind.words) for kind in KINDS.values()), PICTURE_LIST]
