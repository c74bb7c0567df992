"""The one definition of how a sentence becomes numbers, in training and in prediction."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

PADDING = 0
UNKNOWN = 1
TOKENIZER_FILE = "tokenizer.json"
# For other programs: with it transformers' AutoTokenizer opens the folder. Flash itself does not read it.
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
_SPECIAL = {
    "pad_token": ("[PAD]", "<pad>"),
    "unk_token": ("[UNK]", "<unk>"),
    "bos_token": ("[BOS]", "<s>"),
    "eos_token": ("[EOS]", "</s>"),
    "cls_token": ("[CLS]", "<s>"),
    "sep_token": ("[SEP]", "</s>"),
}
# Sentences in a batch, and tokens with padding: what long ones take of memory does not grow with their number.
_AT_ONCE, _TOKENS_AT_ONCE = 64, 16_384


class TextPreprocess:
    """Sentences to token ids with the `tokenizer.json` of the bundle, cut at `max_length` tokens."""

    def __init__(self, tokenizer_json: str, max_length: int) -> None:
        self._shared = _tokeniser(tokenizer_json, max_length)
        self.tokenizer = self._shared.tokenizer
        self.tokenizer_json = self._shared.text
        self.max_length = max_length

    @property
    def size(self) -> int:
        """How many ids there are."""
        return int(self.tokenizer.get_vocab_size())

    def ragged(self, sentences: Sequence[str]) -> list[list[int]]:
        """The ids of each sentence, without padding; an id is never 0 and no sentence is empty."""
        whole = [sentence.encode("utf-8", "replace").decode("utf-8") for sentence in sentences]
        rows = [encoding.ids or [UNKNOWN] for encoding in self.tokenizer.encode_batch_fast(whole)]
        # Somebody may write the name of the padding token into a sentence.
        return [row if PADDING not in row else [i or UNKNOWN for i in row] for row in rows]

    def encode(self, sentences: Sequence[str]) -> NDArray[np.int64]:
        """Ids as int64 [N, T], T the longest of these sentences, padded with 0."""
        return pad(self.ragged(sentences))

    def batches(self, inputs: Sequence[str], at_once: int) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """Places in `inputs` and ids int64 [n, T] of these sentences, 64 at most, fewer of long ones.

        Sentences of one length come together: the padding of the others would be computed, too.
        """
        rows = self.ragged([str(sentence) for sentence in inputs])
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
        while order:
            count = 1
            while (
                count < min(len(order), _AT_ONCE) and (count + 1) * len(rows[order[count]]) <= _TOKENS_AT_ONCE
            ):
                count += 1
            places, order = order[:count], order[count:]
            yield places, pad([rows[place] for place in places])

    def files(self) -> dict[str, str]:
        """Names and texts of the file that `from_json` needs, and of the one that says the same to transformers."""
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": self.max_length,
            "padding_side": "right",
            "truncation_side": "right",
            **{
                name: token
                for name, tokens in _SPECIAL.items()
                for token in tokens
                if self.tokenizer.token_to_id(token) is not None
            },
            "model_input_names": ["input_ids"],
        }
        return {TOKENIZER_FILE: self.tokenizer_json, TOKENIZER_CONFIG_FILE: json.dumps(config, indent=2)}

    def to_json(self) -> dict[str, Any]:
        """What model.json says under "preprocess"; the vocabulary stands in the file it names."""
        return {"kind": "text", "tokenizer": TOKENIZER_FILE, "max_length": self.max_length}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], folder: Path) -> Self:
        """The preprocessing that model.json in `folder` names."""
        return cls((folder / TOKENIZER_FILE).read_text(encoding="utf-8"), int(data["max_length"]))


class _Tokeniser:
    """A tokeniser and the file that it was made from."""

    def __init__(self, text: str, max_length: int) -> None:
        # Whoever sorts pictures with a bundle, where this file lies too, need not install it.
        from tokenizers import Tokenizer

        self.text = text
        self.tokenizer = Tokenizer.from_str(text)
        self.tokenizer.enable_truncation(max_length)
        self.tokenizer.no_padding()


# Those in use: all models with an encoder have the same, which takes 7 MB.
_tokenisers: "WeakValueDictionary[tuple[bytes, int], _Tokeniser]" = WeakValueDictionary()


def _tokeniser(text: str, max_length: int) -> _Tokeniser:
    key = (sha256(text.encode("utf-8", "surrogatepass")).digest(), max_length)
    found = _tokenisers.get(key)
    if found is None:
        found = _tokenisers[key] = _Tokeniser(text, max_length)
    return found


def from_json(data: Mapping[str, Any], folder: Path) -> TextPreprocess:
    """The preprocessing that model.json in `folder` names; each kind has this function."""
    return TextPreprocess.from_json(data, folder)


def pad(rows: Sequence[Sequence[int]], step: int = 1) -> NDArray[np.int64]:
    """Rows of ids as int64 [N, T], padded with 0 on the right; T is a multiple of `step`."""
    length = -(-max(map(len, rows), default=1) // step) * step
    padded = np.full((len(rows), length), PADDING, dtype=np.int64)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = row
    return padded
