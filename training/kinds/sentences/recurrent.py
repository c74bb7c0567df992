"""Bidirectional LSTMs or GRUs over padded sentences, pooled over their states, that vote."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

_CLOSED = -1e4


class RecurrentClassifier(nn.Module):
    """Embedding, `layers` bidirectional layers, the maximum and the mean of the states, a linear layer.

    Padding leaves the states at zero without the slow packed sequences: each layer gets one more input that is 1
    on padding and shuts the gate through which anything could enter, so a reversed layer starts at the last word.
    """

    def __init__(
        self,
        kind: Literal["lstm", "gru"],
        *,
        vocabulary: int,
        classes: int,
        embedding: int = 100,
        hidden: int = 256,
        layers: int = 2,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.hidden = hidden
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=0)
        cell = nn.LSTM if kind == "lstm" else nn.GRU
        widths = [embedding] + [2 * hidden] * (layers - 1)
        self.layers = nn.ModuleList(
            cell(width + 1, hidden, batch_first=True, bidirectional=True) for width in widths
        )
        self.dropout = dropout
        self.head = nn.Linear(4 * hidden, classes)
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.embedding.weight[0] = 0
        for layer in self.layers:
            for suffix in ("l0", "l0_reverse"):
                self._shut_the_gate(getattr(layer, f"weight_ih_{suffix}"))

    @torch.no_grad()
    def silence_words_not_in(self, rows: Iterable[Sequence[int]]) -> None:
        """Words that the network will not learn (their ids are in none of `rows`) say nothing, instead of noise."""
        known = torch.zeros(self.embedding.num_embeddings, dtype=torch.bool)
        for row in rows:
            known[row] = True
        self.embedding.weight[~known] = 0

    @torch.no_grad()
    def load_body(self, state: Mapping[str, Tensor], words: Sequence[tuple[int, int]]) -> int:
        """Take the layers of an earlier network and the rows of `words` (our id, its id); how many words it gave.

        The head stays as it is: its classes may be others. Nothing is taken from a network of another size.
        """
        rows = state.get("embedding.weight")
        layers = {k.removeprefix("layers."): v for k, v in state.items() if k.startswith("layers.")}
        own = self.layers.state_dict()
        fits = layers.keys() == own.keys() and all(layers[k].shape == own[k].shape for k in own)
        if rows is None or rows.shape[1] != self.embedding.embedding_dim or not fits:
            return 0
        self.layers.load_state_dict(layers)
        for ours, theirs in words:
            if ours and theirs < len(rows):
                self.embedding.weight[ours] = rows[theirs]
        return len(words)

    def _shut_the_gate(self, weight: Tensor) -> None:
        # LSTM gates are input, forget, cell, output: nothing enters. GRU gates are reset, update, new: keep the
        # state. The gradient of this column is zero, so an optimizer without weight decay on it leaves it alone.
        weight[:, -1] = 0
        gate = slice(0, self.hidden) if self.kind == "lstm" else slice(self.hidden, 2 * self.hidden)
        weight[gate, -1] = _CLOSED if self.kind == "lstm" else -_CLOSED

    def masks(self, count: int) -> Tensor:
        """What dropout leaves of `count` sentences, [B, W]: one mask for all words of each (Gal & Ghahramani 2016)."""
        width = self.head.in_features + 2 * self.hidden * (len(self.layers) - 1)
        return functional.dropout(self.head.weight.new_ones(count, width), self.dropout)

    def forward(self, input_ids: Tensor, masks: Tensor | None = None) -> Tensor:
        """Logits [B, C] of `input_ids` [B, T], 0 = padding; each row has a token at least. `masks` are for training."""
        kept = [] if masks is None else torch.split(masks, 2 * self.hidden, 1)
        padding = (input_ids == 0)[..., None]
        flag = padding.to(self.embedding.weight.dtype)
        # No dropout on the words: a short sentence has none to spare (trec6: two points of accuracy).
        states = self.embedding(input_ids)
        for number, layer in enumerate(self.layers):
            if number and kept:
                states = states * kept[number + 1][:, None].to(states.dtype)
            # In the precision of the states: no second copy of them on the way into the layer.
            states, _ = layer(torch.cat([states, flag.to(states.dtype)], dim=2))
        highest = states.masked_fill(padding, -10.0).amax(1)
        mean = states.masked_fill(padding, 0.0).sum(1) / (1 - flag).sum(1)
        pooled = torch.cat([highest, mean], 1)
        if masks is not None:
            pooled = pooled * masks[:, : pooled.shape[1]].to(pooled.dtype)
        return functional.linear(pooled, self.head.weight, self.head.bias)


class RecurrentEnsemble(nn.Module):
    """The mean of the logits of `networks` RecurrentClassifiers, made of `arguments`, that start differently."""

    def __init__(self, networks: int = 1, **arguments: Any) -> None:
        super().__init__()
        self.members: Any = nn.ModuleList(RecurrentClassifier(**arguments) for _ in range(networks))

    def forward(self, input_ids: Tensor) -> Tensor:
        """Logits [B, C] of `input_ids` [B, T], 0 = padding; each row has a token at least."""
        return torch.stack([member(input_ids) for member in self.members]).mean(0)
