"""The tokenizer of an encoder as Flash reads it: 0 is padding, and a prefix that the encoder wants stands by itself.

Nothing else of Flash knows that the ids of the hub are others: the rows of the encoder's table of words are put into
the same order (decision 089).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.kinds.sentences.encoders.bert import NotAnEncoder
from training.kinds.sentences.encoders.pruning import needed

_PADDING = ("[PAD]", "<pad>")
# Tables of words are often a little longer than the tokenizer needs, for sizes that GPUs like; by more they are another
# tokenizer's.
_SPARE_SHARE = 50


@dataclass(frozen=True, slots=True)
class HubTokenizer:
    """A tokenizer whose id 0 is padding, and the row [V] of each of its ids in the table of words of the hub.

    `are_some` says that others were left out.
    """

    tokenizer_json: str
    rows: NDArray[np.int64]
    are_some: bool


def read_tokenizer(text: str, vocabulary: int, prefix: str, sentences: Sequence[str]) -> HubTokenizer:
    """Of a tokenizer.json of the hub, for a table of `vocabulary` words; raises NotAnEncoder.

    Each text begins with the pieces of `prefix`, which must end where a word ends. Of a vocabulary of many languages
    it keeps what a model needs that learns from `sentences` (`pruning`).
    """
    try:
        tokenizer = _tokenizer(text)
        every = _hub_rows(tokenizer, vocabulary)
        data = json.loads(text)
        rows = every[np.isin(every, _kept(data, tokenizer, [*sentences, prefix]))]
        if not prefix and np.array_equal(rows, np.arange(len(every))):
            # Models that were trained before share the tokenizer with those to come.
            return HubTokenizer(text, rows, are_some=False)
        data["padding"] = data["truncation"] = None
        _reorder(data, rows)
        if prefix:
            _begin_with(data, prefix, _tokenizer(json.dumps(data)))
        found = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        _tokenizer(found)
        return HubTokenizer(found, rows, are_some=len(rows) < len(every))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        if isinstance(error, NotAnEncoder):
            raise
        raise NotAnEncoder("its tokenizer is damaged or of a kind that is not known here") from error


def _tokenizer(text: str) -> Tokenizer:
    try:
        return Tokenizer.from_str(text)
    except Exception as error:
        # The library raises nothing narrower.
        raise NotAnEncoder("its tokenizer is damaged or of a kind that is not known here") from error


def _hub_rows(tokenizer: Tokenizer, vocabulary: int) -> NDArray[np.int64]:
    """The ids of the hub in the order of ours: padding comes first."""
    ids = np.sort(np.fromiter(tokenizer.get_vocab(with_added_tokens=True).values(), np.int64))
    if len(ids) == 0 or not np.array_equal(ids, np.arange(len(ids))):
        raise NotAnEncoder("its tokenizer leaves out ids")
    if not vocabulary - vocabulary // _SPARE_SHARE <= len(ids) <= vocabulary:
        raise NotAnEncoder(f"its tokenizer has {len(ids):,} pieces and its table of words {vocabulary:,}")
    padding = next((found for p in _PADDING if (found := tokenizer.token_to_id(p)) is not None), None)
    if padding is None:
        raise NotAnEncoder("its tokenizer has no padding")
    return np.concatenate([[padding], np.delete(ids, padding)])


def _kept(data: dict[str, Any], tokenizer: Tokenizer, sentences: Sequence[str]) -> NDArray[np.int64]:
    ids = np.arange(tokenizer.get_vocab_size())
    pieces = data["model"]["vocab"]
    if not isinstance(pieces, list):
        return ids
    tokenizer.no_truncation()
    tokenizer.no_padding()
    others = [ids[len(pieces) :], [data["model"]["unk_id"]], [token["id"] for token in data["added_tokens"]]]
    return np.concatenate([needed(tokenizer, pieces, sentences), *others])


def _reorder(data: dict[str, Any], rows: NDArray[np.int64]) -> None:
    """Gives each piece of a tokenizer.json the place that its id has in `rows`."""
    new = {int(old): place for place, old in enumerate(rows)}
    model = data["model"]
    if isinstance(model["vocab"], list):
        count = len(model["vocab"])
        model["vocab"] = [model["vocab"][old] for old in rows if old < count]
        model["unk_id"] = new[model["unk_id"]]
    else:
        model["vocab"] = {piece: new[old] for piece, old in model["vocab"].items()}
    for token in data["added_tokens"]:
        token["id"] = new[token["id"]]
    for special in _frame(data)["special_tokens"].values():
        special["ids"] = [new[old] for old in special["ids"]]


def _begin_with(data: dict[str, Any], prefix: str, tokenizer: Tokenizer) -> None:
    """Puts the pieces of `prefix` before each text, as the frame of special tokens is put around it."""
    found = tokenizer.encode(prefix.strip(), add_special_tokens=False)
    frame = _frame(data)
    frame["special_tokens"][prefix] = {"id": prefix, "ids": found.ids, "tokens": found.tokens}
    place = next(i for i, part in enumerate(frame["single"]) if "Sequence" in part)
    frame["single"].insert(place, {"SpecialToken": {"id": prefix, "type_id": 0}})


def _frame(data: dict[str, Any]) -> dict[str, Any]:
    frame: dict[str, Any] = data["post_processor"]
    if frame["type"] != "TemplateProcessing":
        raise NotAnEncoder(f"its tokenizer frames texts by {frame['type']}, which is not known here")
    return frame
