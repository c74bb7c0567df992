"""Which words of a sentence its label rests on."""

import math
import re

from modelstore.models import TrainedModel
from modelstore.prediction.explanation import NOTHING, Explanation, Part, log_odds

MOST_WORDS = 60
_SHADES = 5
# A Chinese or Japanese character is a word; long runs of letters without blanks (Thai) are taken in pieces.
_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
_LONG, _PIECE = 16, 4


def explain(*, model: TrainedModel, value: str, label: str) -> Explanation:
    """See `modelstore.web.contract`."""
    return Explanation(label=label, parts=_weighed(model, value, label))


def _weighed(model: TrainedModel, sentence: str, label: str) -> list[Part]:
    spans = _spans(sentence)
    if not spans:
        return []
    without = [sentence[:start] + " " + sentence[end:] for start, end in spans]
    # A sentence of blanks is no input; what is left of the only word is a full stop.
    odds = log_odds(model, [sentence, *(text if text.strip() else "." for text in without)], label)
    weights = [round(odds[0] - other, 4) for other in odds[1:]]
    most = max(*weights, NOTHING)
    parts, last = [], 0
    for (start, end), weight in zip(spans, weights, strict=True):
        if start > last:
            parts.append(Part(sentence[last:start]))
        shade = 0 if weight < NOTHING else max(1, round(_SHADES * weight / most))
        parts.append(Part(sentence[start:end], weight, shade))
        last = end
    return [*parts, Part(sentence[last:])] if last < len(sentence) else parts


def _spans(sentence: str) -> list[tuple[int, int]]:
    """Where the words stand; of a long sentence, runs of several words."""
    found: list[tuple[int, int]] = []
    for match in _WORDS.finditer(sentence):
        start, end = match.span()
        step = _PIECE if end - start > _LONG else end - start
        found += [(at, min(at + step, end)) for at in range(start, end, step)]
    together = math.ceil(len(found) / MOST_WORDS)
    return [
        (found[i][0], found[min(i + together, len(found)) - 1][1])
        for i in range(0, len(found), together or 1)
    ]
