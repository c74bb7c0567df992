"""A pretrained encoder with a head, and a linear model over n-grams of the same tokens that votes with it."""

from typing import Any

import torch
from torch import Tensor, nn

from training.kinds.sentences.encoders.bert import Bert, BertShape, mean_state, presence
from training.kinds.sentences.encoders.nearness import nearness
from training.kinds.sentences.ngrams import NGramClassifier


class TopClassifier(nn.Module):
    """The part of an encoder that learns: its last layers and a head on the mean of the tokens' states."""

    def __init__(self, layers: list[nn.Module], width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(width, classes)
        self._dropout = dropout

    def forward(self, states: Tensor, ids: Tensor) -> Tensor:
        """Logits [B, C] of states [B, T, W] after the layers below, and ids [B, T] with 0 for padding."""
        present = presence(ids)
        for layer in self.layers:
            states = layer(states, present, self._dropout)
        mean = mean_state(states, ids)
        logits: Tensor = self.head(nn.functional.dropout(mean, self._dropout, self.training))
        return logits


class EncoderClassifier(nn.Module):
    """Logits of the encoder, which reads the first `length` tokens of a sentence, and of `ngrams`, added.

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
    ) -> None:
        super().__init__()
        self.kept = kept
        self.encoder, self.head, self.ngrams, self.length = encoder, head, ngrams, length
        self.register_buffer("centres", centres)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Logits [B, C] of `input_ids` [B, T], 0 = padding; each row has a token at least."""
        read = input_ids[:, : self.length]
        mean = mean_state(self.encoder(read), read)
        logits: Tensor = self.head(mean) + self.ngrams(input_ids)
        return logits if self.centres is None else logits * nearness(mean, self.centres)

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
        """The state; what loses nothing by it in 16 bits."""
        return {name: _small(tensor) for name, tensor in self.state_dict().items()}

    def unlearned(self) -> tuple[str, ...]:
        """The tensors of the state that are as they came: those of the embeddings and of the first `kept` layers."""
        if self.kept is None:
            return ()
        own = tuple(f"encoder.layers.{number}." for number in range(self.kept, len(self.encoder.layers)))
        names = self.encoder.state_dict(prefix="encoder.")
        return tuple(name for name in names if not name.startswith(own))

    def arguments(self) -> dict[str, Any]:
        """What `from_arguments` needs besides the tensors."""
        return {
            "encoder": self.encoder.shape.to_json(),
            "ngrams": self.ngrams.arguments(),
            "length": self.length,
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
        )


def _small(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor
