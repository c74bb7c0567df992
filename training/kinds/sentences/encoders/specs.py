"""Which pretrained encoders there are, and what is known of their files; free of torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE = "model.safetensors", "tokenizer.json", "config.json"
FILES = (WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE)
# Licence, terms, languages, pooling and prefix were read on each encoder's page of the hub.
_HUB = "https://huggingface.co"


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderSpec:
    """An encoder of the hub at one revision: `digests` are the sha256 of `FILES`; without them it is not downloaded.

    It reads a `window` of tokens at a time, and of a text no more than `limit`. By `pooling` something stands for the
    text, see BertShape; where that is the first token, a text has one window. Each text begins with `prefix`. It knows
    `languages` (words for people), written in `scripts`, which are named as Unicode's names of their letters begin;
    empty: in all. Of one that `is_english` alone.

    What the catalogue tells of it: `parameters` in millions, the arithmetic of one sentence against MiniLM-L6, the
    memory that training takes at least, in MB, what is to be downloaded, in MB, and a sentence.
    """

    name: str
    title: str
    repository: str
    revision: str
    digests: Mapping[str, str] = field(default_factory=dict)
    window: int = 256
    limit: int = 512
    pooling: Literal["mean", "first"] = "mean"
    prefix: str = ""
    languages: str
    scripts: frozenset[str] = frozenset()
    is_english: bool = False
    parameters: float
    relative_cost: float
    min_memory_mb: int
    download_mb: int
    licence: str
    words: str

    def url(self, file: str) -> str:
        """Where the hub has it."""
        return f"{_HUB}/{self.repository}/resolve/{self.revision}/{file}"

    @property
    def folder(self) -> str:
        """What its folder is called in FLASH_WEIGHTS_DIR."""
        return self.repository.rpartition("/")[2]

    @property
    def can_be_downloaded(self) -> bool:
        """Whether it would be noticed that a download is something else."""
        return all(self.digests.get(file) for file in FILES)

    @property
    def summary(self) -> str:
        """What the catalogue says."""
        size = f"{self.download_mb} MB"
        get = (
            f"{size} to download"
            if self.can_be_downloaded
            else f"{size}, which the operator has to put in place"
        )
        return f"{self.words} Knows {self.languages}. {get}. {self.licence}."


def _digests(weights: str, tokenizer: str, config: str) -> Mapping[str, str]:
    return MappingProxyType({WEIGHTS_FILE: weights, TOKENIZER_FILE: tokenizer, CONFIG_FILE: config})


_MINILM = EncoderSpec(
    name="minilm",
    title="MiniLM-L6",
    repository="sentence-transformers/all-MiniLM-L6-v2",
    revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    digests=_digests(
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    ),
    languages="English",
    is_english=True,
    parameters=22.7,
    relative_cost=1.0,
    min_memory_mb=2000,
    download_mb=91,
    licence="Apache-2.0",
    words="Has read a billion sentences; its last layers learn your classes.",
)
_BGE_SMALL = EncoderSpec(
    name="bge_small",
    title="BGE small",
    repository="BAAI/bge-small-en-v1.5",
    revision="5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
    digests=_digests(
        "3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad",
        "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
        "094f8e891b932f2000c92cfc663bac4c62069f5d8af5b5278c4306aef3084750",
    ),
    limit=256,
    pooling="first",
    languages="English",
    is_english=True,
    parameters=33.4,
    relative_cost=2.0,
    min_memory_mb=2500,
    download_mb=134,
    licence="MIT",
    words="As wide as MiniLM-L6 and twice as deep.",
)
_BGE_BASE = EncoderSpec(
    name="bge_base",
    title="BGE base",
    repository="BAAI/bge-base-en-v1.5",
    revision="a5beb1e3e68b9ab74eb54cfd186867f64f240e1a",
    digests=_digests(
        "c7c1988aae201f80cf91a5dbbd5866409503b89dcaba877ca6dba7dd0a5167d7",
        "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
        "bc00af31a4a31b74040d73370aa83b62da34c90b75eb77bfa7db039d90abd591",
    ),
    limit=256,
    pooling="first",
    languages="English",
    is_english=True,
    parameters=109.5,
    relative_cost=8.0,
    min_memory_mb=4000,
    download_mb=439,
    licence="MIT",
    words="Twice as wide and as deep as MiniLM-L6; for a GPU or for patience.",
)
_E5 = EncoderSpec(
    name="multilingual_e5",
    title="Multilingual E5 small",
    repository="intfloat/multilingual-e5-small",
    revision="614241f622f53c4eeff9890bdc4f31cfecc418b3",
    digests=_digests(
        "1a55775f53449dac10a2bcbc312469fac40b96d53198c407081a831f81c98477",
        "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
        "69137736cab8b8903a07fe8afaafdda25aac55415a12a55d1bffa9f581abf959",
    ),
    # What its authors say that a text of a classification begins with.
    prefix="query: ",
    languages="94 languages",
    parameters=117.7,
    relative_cost=2.0,
    min_memory_mb=3500,
    download_mb=488,
    licence="MIT",
    words="Has read pairs of texts in many languages.",
)
_GRANITE = EncoderSpec(
    name="granite_multilingual",
    title="Granite multilingual",
    repository="ibm-granite/granite-embedding-107m-multilingual",
    revision="75391cc497834882b20e9453c71b4bf95cd7d461",
    limit=256,
    pooling="first",
    languages=(
        "Arabic, Chinese, Czech, Dutch, English, French, German, Italian, Japanese, Korean, Portuguese and Spanish"
    ),
    scripts=frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "ARABIC"}),
    parameters=107.0,
    relative_cost=1.0,
    min_memory_mb=3000,
    download_mb=223,
    licence="Apache-2.0",
    words="Half as deep as Multilingual E5 small, so it takes half the time.",
)
ENCODERS: Mapping[str, EncoderSpec] = MappingProxyType(
    {spec.name: spec for spec in (_MINILM, _BGE_SMALL, _BGE_BASE, _E5, _GRANITE)}
)
# Those that are taken where the user left it open, in this order: the first that is there and knows the language.
USUAL = (_MINILM, _E5, _GRANITE)
