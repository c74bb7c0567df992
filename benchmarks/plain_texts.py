"""What is usually written to train an LSTM in PyTorch: packed sequences, batches of 64, Adam at 1e-3."""

import copy
import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.kinds.sentences.preprocess import pad

_BATCH = 64
Rows = Sequence[Sequence[int]]


class PlainLstm(nn.Module):
    """Embedding 100, two bidirectional layers of 256, dropout 0.5, the last states of both directions."""

    def __init__(self, vocabulary: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 100, padding_idx=0)
        self.lstm = nn.LSTM(100, 256, num_layers=2, batch_first=True, bidirectional=True, dropout=0.5)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(512, classes)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Logits [B, C] of ids [B, T]."""
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(ids), lengths, batch_first=True, enforce_sorted=False
        )
        _, (states, _) = self.lstm(packed)
        logits: Tensor = self.head(self.dropout(torch.cat([states[-2], states[-1]], dim=1)))
        return logits


class PlainLoop:
    """Trains a PlainLstm epoch by epoch on (training part, validation part) and keeps the best epoch."""

    def __init__(self, rows: Sequence[Rows], labels: Sequence[NDArray[np.int64]], vocabulary: int) -> None:
        self._rows, self._labels = rows, labels
        self._model = PlainLstm(vocabulary, int(labels[0].max()) + 1)
        self._optimizer = torch.optim.Adam(self._model.parameters(), lr=1e-3)
        self._random = np.random.default_rng(1)
        self._best, self._state = -1.0, copy.deepcopy(self._model.state_dict())
        self.seconds: list[float] = []

    def epoch(self) -> None:
        """One pass over the training part in random order, then the accuracy on the validation part."""
        started = time.monotonic()
        self._model.train()
        order = self._random.permutation(len(self._rows[0]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            loss = nn.functional.cross_entropy(
                self._logits([self._rows[0][i] for i in batch]), torch.from_numpy(self._labels[0][batch])
            )
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
            self._optimizer.step()
        accuracy = self.accuracy(self._rows[1], self._labels[1])
        self.seconds.append(time.monotonic() - started)
        if accuracy > self._best:
            self._best, self._state = accuracy, copy.deepcopy(self._model.state_dict())

    @torch.no_grad()
    def accuracy(self, rows: Rows, labels: NDArray[np.int64]) -> float:
        """Share of the sentences that the model as it is gets right."""
        self._model.eval()
        parts = [self._logits(rows[i : i + _BATCH]).argmax(1).numpy() for i in range(0, len(rows), _BATCH)]
        return float((np.concatenate(parts) == labels).mean())

    def best_accuracy(self, rows: Rows, labels: NDArray[np.int64]) -> float:
        """The same by the epoch that did best on the validation part."""
        self._model.load_state_dict(self._state)
        return self.accuracy(rows, labels)

    def _logits(self, rows: Rows) -> Tensor:
        logits: Tensor = self._model(torch.from_numpy(pad(rows)), torch.tensor([len(row) for row in rows]))
        return logits
