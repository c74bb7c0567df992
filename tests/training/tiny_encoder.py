"""Encoders of the hub's forms, tiny and with random weights, whose pieces come from the sentences of the tests."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor

from tests.training.datasets import sentences
from training.kinds.sentences.encoders.bert import Bert, BertShape
from training.kinds.sentences.encoders.classifier import EncoderClassifier
from training.kinds.sentences.encoders.specs import CONFIG_FILE, ENCODERS, TOKENIZER_FILE, WEIGHTS_FILE
from training.kinds.sentences.ngrams import NGramClassifier

FOLDER = ENCODERS["minilm"].folder
# Told in ten scripts, and with what a tokenizer has to clean.
TEXTS = [
    "The quick brown fox jumps over the lazy dog",
    "Быстрая лиса прыгает через собаку",
    "الثعلب السريع يقفز فوق الكلب",
    "敏捷的狐狸跳过懒狗",
    "素早い狐がのろまな犬を飛び越える",
    "빠른 여우가 게으른 개를 뛰어넘는다",
    "สุนัขจิ้งจอกกระโดดข้ามสุนัข",
    "तेज़ लोमड़ी कुत्ते के ऊपर कूदती है",
    "Η γρήγορη αλεπού πηδάει πάνω",
    "השועל המהיר קופץ מעל הכלב",
    "  two  spaces\tand ﬁ ①",
    "",
]
WIDTH, LAYERS, HEADS, INNER, PLACES = 32, 3, 4, 64, 300
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def write_encoder(folder: Path, **config: object) -> dict[str, Tensor]:
    """config.json, with `config` in it, tokenizer.json and model.safetensors in `folder`; answers the tensors."""
    return _write(folder, _tokenizer(), config)


def write_multilingual(folder: Path, texts: Sequence[str] = TEXTS, **config: object) -> dict[str, Tensor]:
    """An encoder with pieces of `texts`, of the form of those of many languages: padding is not the first id."""
    return _write(folder, unigram(texts), config)


def _write(folder: Path, tokenizer: Tokenizer, config: dict[str, object]) -> dict[str, Tensor]:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    state = hub_state(tokenizer.get_vocab_size())
    save_file(state, folder / WEIGHTS_FILE)
    told = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INNER,
        "max_position_embeddings": PLACES,
        "layer_norm_eps": 1e-12,
    }
    (folder / CONFIG_FILE).write_text(json.dumps(told | config))
    return state


def hub_state(vocabulary: int) -> dict[str, Tensor]:
    """Random tensors by the names of the hub, the same each time."""
    random = torch.Generator().manual_seed(3)

    def tensor(*shape: int, mean: float = 0.0) -> Tensor:
        return mean + 0.2 * torch.randn(*shape, generator=random)

    state = {
        "embeddings.word_embeddings.weight": tensor(vocabulary, WIDTH),
        "embeddings.position_embeddings.weight": tensor(PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": tensor(2, WIDTH),
        "embeddings.LayerNorm.weight": tensor(WIDTH, mean=1.0),
        "embeddings.LayerNorm.bias": tensor(WIDTH),
    }
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for name in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ):
            state |= {f"{layer}.{name}.weight": tensor(WIDTH, WIDTH), f"{layer}.{name}.bias": tensor(WIDTH)}
        state |= {
            f"{layer}.intermediate.dense.weight": tensor(INNER, WIDTH),
            f"{layer}.intermediate.dense.bias": tensor(INNER),
            f"{layer}.output.dense.weight": tensor(WIDTH, INNER),
            f"{layer}.output.dense.bias": tensor(WIDTH),
        }
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            state |= {
                f"{layer}.{name}.weight": tensor(WIDTH, mean=1.0),
                f"{layer}.{name}.bias": tensor(WIDTH),
            }
    return state


def tiny_classifier(
    *, vocabulary: int, classes: int, length: int, window: int, kept: int | None = 2
) -> EncoderClassifier:
    """A classifier whose encoder, head and n-grams have random weights, the same each time."""
    shape = BertShape(
        vocabulary=vocabulary,
        width=WIDTH,
        layers=LAYERS,
        heads=HEADS,
        inner=INNER,
        places=PLACES,
        epsilon=1e-12,
    )
    encoder, random = Bert(shape), torch.Generator().manual_seed(2)
    encoder.load_hub(hub_state(vocabulary))
    # Ids and some pairs of them are known.
    keys = torch.arange(1, vocabulary * (vocabulary // 2))
    ngrams = NGramClassifier(keys, torch.rand(len(keys), generator=random), classes, vocabulary + 1, 2)
    head = torch.nn.Linear(WIDTH, classes)
    with torch.no_grad():
        # The encoder has the larger vote.
        for tensor, size in ((ngrams.weight, 0.02), (head.weight, 0.5), (head.bias, 0.5)):
            tensor.copy_(size * torch.randn(tensor.shape, generator=random))
    return EncoderClassifier(encoder, head, ngrams, length, None, kept, window).eval()


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=_SPECIAL, show_progress=False)
    tokenizer.train_from_iterator([sentence for sentence, _ in sentences()], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    # As files of the hub often have it: what is set there must not cut or pad sentences here.
    tokenizer.enable_padding(length=128)
    tokenizer.enable_truncation(128)
    return tokenizer


def unigram(texts: Sequence[str]) -> Tokenizer:
    """A tokenizer as XLM-RoBERTa's: <s>, <pad>, </s>, <unk>, then pieces of `texts`, last <mask>."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=300,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, "query: " * 5], trainer)
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer
