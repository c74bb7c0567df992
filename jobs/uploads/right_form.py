"""What an upload should look like, and which kind of task it is for: words for refusals, from the registry of kinds."""

from training.kinds import KINDS, Kind, kinds_taking


def right_form(kind: Kind | None) -> str:
    """Sentences that show what to upload for `kind`; for every kind where None was chosen."""
    if kind is not None:
        return kind.words.right_form
    words = [kind.words for kind in KINDS.values()]
    *others, last = (each.upload for each in words)
    takes = f"{', '.join(others)} or {last}" if others else last
    return " ".join([f"Flash takes {takes}.", *(each.right_form for each in words)])


def choose_instead(suffix: str, kind: Kind | None) -> str:
    """Sentences, each after a space, that name the other kinds whose uploads may end in `suffix`; "" if none do."""
    others = [other.words for other in kinds_taking(suffix) if other is not kind]
    return "".join(f' For {words.upload}, choose "{words.title}" instead.' for words in others)
