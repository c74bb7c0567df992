"""The encoder of BERT (Devlin et al. 2019) in plain PyTorch: embeddings, then layers of attention.

It is of Flash's own because what it needs is small and the usual library takes seconds to import; a test holds it
against the embeddings that the encoder's authors published (decision 076).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

_PREFIXES = ("bert.", "roberta.", "encoder_model.", "")
# Kinds of config.json that differ in where their places begin, and in nothing else that is needed here.
_BERT, _XLM_ROBERTA = "bert", "xlm-roberta"


class NotAnEncoder(ValueError):
    """Files do not hold an encoder that can be read here; the message says why, without a full stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BertShape:
    """Sizes of an encoder: ids, numbers of a state, layers, heads of attention, inner numbers, places.

    `pooling` says which state stands for a text: the mean of its tokens' states, or that of the first token. With
    `own_words` its ids are those that one model needs, not all that the encoder came with.
    """

    vocabulary: int
    width: int
    layers: int
    heads: int
    inner: int
    places: int
    epsilon: float
    pooling: Literal["mean", "first"] = "mean"
    own_words: bool = False

    @classmethod
    def read(cls, path: Path) -> tuple[Self, int]:
        """Of a config.json of the hub, with the row of the table of places where they begin; raises NotAnEncoder."""
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            kind = (
                config["model_type"],
                config["hidden_act"],
                config.get("position_embedding_type", "absolute"),
            )
            if kind not in [(model, "gelu", "absolute") for model in (_BERT, _XLM_ROBERTA)]:
                raise NotAnEncoder(f"it is of the kind {', '.join(kind)}, not a BERT with gelu")
            # RoBERTa counts from the id of padding, which has a place of its own.
            first = int(config["pad_token_id"]) + 1 if kind[0] == _XLM_ROBERTA else 0
            shape = cls(
                vocabulary=int(config["vocab_size"]),
                width=int(config["hidden_size"]),
                layers=int(config["num_hidden_layers"]),
                heads=int(config["num_attention_heads"]),
                inner=int(config["intermediate_size"]),
                places=int(config["max_position_embeddings"]) - first,
                epsilon=float(config["layer_norm_eps"]),
            )
            return shape, first
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, NotAnEncoder):
                raise
            raise NotAnEncoder(f"{path.name} is damaged or not an encoder's") from error

    def to_json(self) -> dict[str, Any]:
        """As the arguments that build it again."""
        return asdict(self)


class BertLayer(nn.Module):
    """Attention and a network of two layers, each added to what came in and normalised."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self._heads = shape.heads
        self.query_key_value = nn.Linear(shape.width, 3 * shape.width)
        self.attended = nn.Linear(shape.width, shape.width)
        self.attended_norm = nn.LayerNorm(shape.width, shape.epsilon)
        self.inner = nn.Linear(shape.width, shape.inner)
        self.outer = nn.Linear(shape.inner, shape.width)
        self.outer_norm = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, states: Tensor, present: Tensor | None, dropout: float = 0.0) -> Tensor:
        """New states [B, T, W]; `present` [B, 1, 1, T] says which tokens are there, None that all are."""
        count, length, width = states.shape
        parts = self.query_key_value(states).view(count, length, 3, self._heads, width // self._heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        found = _attend(query, key, value, present)
        attended = self.attended(found.transpose(1, 2).reshape(count, length, width))
        states = self.attended_norm(states + functional.dropout(attended, dropout, self.training))
        outer = self.outer(functional.gelu(self.inner(states)))
        normalised: Tensor = self.outer_norm(states + functional.dropout(outer, dropout, self.training))
        return normalised


class Bert(nn.Module):
    """Ids int64 [B, T] to states float32 [B, T, W] by all layers, or by the first ones alone."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.places, shape.width)
        self.norm = nn.LayerNorm(shape.width, shape.epsilon)
        self.layers = nn.ModuleList(BertLayer(shape) for _ in range(shape.layers))

    def embed(self, ids: Tensor) -> Tensor:
        """What the first layer gets, [B, T, W]."""
        places = torch.arange(ids.shape[1], device=ids.device)
        embedded: Tensor = self.norm(self.words(ids) + self.places(places))
        return embedded

    def forward(self, ids: Tensor, layers: int | None = None) -> Tensor:
        """States after `layers` of them; 0 among the ids is padding."""
        present = presence(ids)
        states = self.embed(ids)
        for layer in self.layers[:layers]:
            states = layer(states, present)
        return states

    def load_hub(self, state: Mapping[str, Tensor], rows: Tensor | None = None, first_place: int = 0) -> None:
        """Takes the tensors by the names that they have on the hub, rounded to 16 bits; raises NotAnEncoder.

        So what stays as it came takes half the room in each model that is stored. Of the table of words it takes
        these `rows`, None: all; places begin at the row `first_place`.
        """
        prefix = next((p for p in _PREFIXES if f"{p}embeddings.word_embeddings.weight" in state), None)
        if prefix is None:
            raise NotAnEncoder("the weights are not a BERT's")
        own = self.state_dict()
        try:
            found = {name: torch.cat([state[prefix + theirs] for theirs in _hub_names(name)]) for name in own}
            kinds = state[f"{prefix}embeddings.token_type_embeddings.weight"]
        except KeyError as error:
            raise NotAnEncoder(f"the tensor {error.args[0]} is missing") from error
        except RuntimeError as error:
            raise NotAnEncoder("its tensors do not fit together") from error
        found["words.weight"] = _rows(found["words.weight"], rows)
        found["places.weight"] = found["places.weight"][first_place:]
        for name, tensor in {**found, "the kind of token": kinds[0]}.items():
            wanted = own.get(name, own["norm.weight"]).shape
            if tensor.shape != wanted:
                raise NotAnEncoder(f"{name} has the shape {list(tensor.shape)} instead of {list(wanted)}")
            if not bool(torch.isfinite(tensor.half()).all()):
                raise NotAnEncoder(f"{name} holds values that are no numbers")
        # One kind of token is used, which is the same as other embeddings of the places.
        found["places.weight"] = found["places.weight"].float() + kinds[0].float()
        self.load_state_dict({name: tensor.half() for name, tensor in found.items()})


def presence(ids: Tensor) -> Tensor | None:
    """Which tokens are there, [B, 1, 1, T]; None when all are, which is faster (a GPU would have to be asked)."""
    there = ids != 0
    return None if not ids.is_cuda and bool(there.all()) else there[:, None, None, :]


def _attend(query: Tensor, key: Tensor, value: Tensor, present: Tensor | None) -> Tensor:
    """Attention of each head [B, H, T, W].

    In 16 bits on a CPU PyTorch's own way back takes ten times as long with sentences, and no less with 256 tokens.
    """
    if query.dtype is not torch.bfloat16 or query.is_cuda or not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(query, key, value, present)
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)
    if present is not None:
        scores = scores.masked_fill(~present, torch.finfo(scores.dtype).min)
    found: Tensor = scores.softmax(-1) @ value
    return found


def pooled(states: Tensor, ids: Tensor, shape: BertShape, belongs: Tensor | None = None) -> Tensor:
    """What stands for each text, [B, W]: by `shape` the mean of the states [M, T, W] of its tokens, or the first one's.

    `belongs` [B, M] tells with 1.0 which windows are of each text; None, or with as many texts as windows: each is a
    text, as all are for which the first token stands.
    """
    if shape.pooling == "first":
        return states[:, 0]
    there = (ids != 0).to(states.dtype)[..., None]
    summed, count = (states * there).sum(1), there.sum(1)
    if belongs is not None and len(belongs) < len(ids):
        with torch.autocast(states.device.type, enabled=False):
            summed, count = belongs @ summed.float(), belongs @ count.float()
    return summed / count.clamp(min=1)


def _rows(table: Tensor, rows: Tensor | None) -> Tensor:
    if rows is None:
        return table
    if len(rows) and int(rows.max()) >= len(table):
        raise NotAnEncoder(f"its table of words has {len(table):,} rows, too few for its tokenizer")
    return table[rows]


def _hub_names(name: str) -> list[str]:
    """The tensors on the hub, one after another, that make one of ours."""
    kind = name.rpartition(".")[2]
    simple = {
        "words": "embeddings.word_embeddings",
        "places": "embeddings.position_embeddings",
        "norm": "embeddings.LayerNorm",
    }
    first, *more = name.split(".")
    if first in simple:
        return [f"{simple[first]}.{kind}"]
    number, part, _ = more
    inside = {
        "query_key_value": [f"attention.self.{which}" for which in ("query", "key", "value")],
        "attended": ["attention.output.dense"],
        "attended_norm": ["attention.output.LayerNorm"],
        "inner": ["intermediate.dense"],
        "outer": ["output.dense"],
        "outer_norm": ["output.LayerNorm"],
    }
    return [f"encoder.layer.{number}.{theirs}.{kind}" for theirs in inside[part]]
