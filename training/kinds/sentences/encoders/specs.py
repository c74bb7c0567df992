"""Which pretrained encoders there are, and what is known of their files; free of torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE = "model.safetensors", "tokenizer.json", "config.json"
# The licence and its terms were read on each encoder's page of the hub.
_HUB = "https://huggingface.co"


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderSpec:
    """An encoder of the hub at one revision: `files` are the names of its files with their sha256.

    It reads a `window` of tokens at a time, and of a text no more than `limit`. `is_english` says that it knows no
    other language. What the catalogue tells of it: `parameters` in millions, the arithmetic of one sentence against
    MiniLM-L6, the memory that training takes at least, in MB, and a sentence that ends with its licence.
    """

    name: str
    title: str
    repository: str
    revision: str
    files: Mapping[str, str]
    window: int
    limit: int
    is_english: bool
    parameters: float
    relative_cost: float
    min_memory_mb: int
    summary: str

    def url(self, file: str) -> str:
        """Where the hub has it."""
        return f"{_HUB}/{self.repository}/resolve/{self.revision}/{file}"

    @property
    def folder(self) -> str:
        """What its folder is called in FLASH_WEIGHTS_DIR."""
        return self.repository.rpartition("/")[2]


_MINILM = EncoderSpec(
    name="minilm",
    title="MiniLM-L6",
    repository="sentence-transformers/all-MiniLM-L6-v2",
    revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    files=MappingProxyType(
        {
            WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            CONFIG_FILE: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        }
    ),
    window=256,
    limit=512,
    is_english=True,
    parameters=22.7,
    relative_cost=1.0,
    min_memory_mb=2000,
    summary="Has read a billion English sentences; its last layers learn your classes. Apache-2.0.",
)
ENCODERS: Mapping[str, EncoderSpec] = MappingProxyType({spec.name: spec for spec in (_MINILM,)})
