"""A pretrained encoder with a head, and a linear model over n-grams of the same tokens that votes with it."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from training.kinds.sentences.encoders.bert import Bert, BertShape, pooled, presence
from training.kinds.sentences.encoders.nearness import nearness
from training.kinds.sentences.encoders.windows import windows_of
from training.kinds.sentences.ngrams import NGramClassifier


class TopClassifier(nn.Module):
    """The part of an encoder of this `shape` that learns: its last layers and a head on what stands for a text."""

    def __init__(self, layers: list[nn.Module], shape: BertShape, classes: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(shape.width, classes)
        self._shape = shape
        self._dropout = dropout

    def forward(self, states: Tensor, ids: Tensor, belongs: Tensor) -> Tensor:
        """Logits [B, C] of states [M, T, W] after the layers below, and ids [M, T] with 0 for padding.

        `belongs` [B, M]: which windows are of each text, see `mean_state`.
        """
        present = presence(ids)
        for layer in self.layers:
            states = layer(states, present, self._dropout)
        text = pooled(states, ids, self._shape, belongs)
        logits: Tensor = self.head(nn.functional.dropout(text, self._dropout, self.training))
        return logits


class EncoderClassifier(nn.Module):
    """Logits of the encoder, which reads the first `length` tokens of a text, and of `ngrams`, added.

    It reads a `window` of tokens at a time, by default all of them; the head gets the mean over all.
    Where there are `centres` [K, W] of what it learned from, they are the smaller the farther a sentence is from those.
    The first `kept` layers of the encoder did not learn, so that other models may have the same; None: none is as it
    came.
    """

    centres: Tensor | None

    def __init__(
        self,
        encoder: Bert,
        head: nn.Linear,
        ngrams: NGramClassifier,
        length: int,
        centres: Tensor | None = None,
        kept: int | None = None,
        window: int | None = None,
    ) -> None:
        super().__init__()
        self.kept, self.window = kept, window or length
        self.encoder, self.head, self.ngrams, self.length = encoder, head, ngrams, length
        self.register_buffer("centres", centres)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Logits [B, C] of `input_ids` [B, T], 0 = padding; each row has a token at least."""
        read, belongs = windows_of(input_ids[:, : self.length], self.window)
        text = pooled(self.encoder(read), read, self.encoder.shape, belongs)
        logits: Tensor = self.head(text) + self.ngrams(input_ids)
        return logits if self.centres is None else logits * nearness(text, self.centres)

    @torch.no_grad()
    def scale(self, encoder: float, ngrams: float) -> None:
        """Multiply the logits of each part."""
        for layer, factor in ((self.head, encoder), (self.ngrams, ngrams)):
            layer.weight.mul_(factor)
            layer.bias.mul_(factor)

    def last_layers(self) -> list[Any]:
        """What the logits are proportional to: their weights and biases."""
        return [self.head, self.ngrams]

    def small_state(self) -> dict[str, Tensor]:
        """The state, `unlearned` first; what loses nothing by it in 16 bits."""
        state = self.state_dict()
        first = self.unlearned()
        return {
            name: _small(state[name]) for name in (*first, *(name for name in state if name not in first))
        }

    def unlearned(self) -> tuple[str, ...]:
        """The tensors of the state that other models have, too: those of the embeddings and of the first `kept` layers.

        Of words, each model has its own where the encoder knows many languages.
        """
        if self.kept is None:
            return ()
        own = tuple(f"encoder.layers.{number}." for number in range(self.kept, len(self.encoder.layers)))
        if self.encoder.shape.own_words:
            own += ("encoder.words.",)
        names = self.encoder.state_dict(prefix="encoder.")
        return tuple(name for name in names if not name.startswith(own))

    def arguments(self) -> dict[str, Any]:
        """What `from_arguments` needs besides the tensors."""
        return {
            "encoder": self.encoder.shape.to_json(),
            "ngrams": self.ngrams.arguments(),
            "length": self.length,
            "window": self.window,
        }

    @classmethod
    def from_arguments(cls, state: dict[str, Tensor], arguments: dict[str, Any]) -> "EncoderClassifier":
        """The model that `arguments` describes, without its weights."""
        shape = BertShape(**arguments["encoder"])
        ngrams = NGramClassifier(state["ngrams.keys"], state["ngrams.idf"], **arguments["ngrams"])
        head = nn.Linear(shape.width, ngrams.bias.numel())
        centres = state.get("centres")
        return cls(
            Bert(shape),
            head,
            ngrams,
            arguments["length"],
            None if centres is None else torch.zeros(centres.shape),
            # Earlier models read what is in one window.
            window=arguments.get("window"),
        )


@torch.no_grad()
def rounded(layers: Iterable[nn.Module]) -> None:
    """Rounds what learned to 16 bits: it takes half the room in each file, and is measured as it is stored."""
    for layer in layers:
        for parameter in layer.parameters():
            parameter.copy_(parameter.half())


def _small(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor
