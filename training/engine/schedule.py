"""The learning rate at every step: cosine with a warm-up, or constant with plateau and step reductions."""

import math

from training.ground.recipe import Recipe

_WARM_UP = 0.1
_THRESHOLD = 1e-4


class Schedule:
    """Learning rates for a training of `config.epochs` epochs.

    The plateau rule is that of PyTorch's ReduceLROnPlateau (mode min, relative threshold 1e-4).
    """

    def __init__(self, config: Recipe) -> None:
        self._config = config
        self._lowest = math.inf
        self._bad_epochs = 0
        self._plateau_scale = 1.0

    def rate(self, done: float) -> float:
        """The rate when `done` epochs (a fraction counts) are over."""
        config = self._config
        rate = config.learning_rate
        if config.schedule == "cosine":
            share = done / config.epochs
            if share < _WARM_UP:
                return rate * max(share / _WARM_UP, 0.02)
            return rate * 0.5 * (1 + math.cos(math.pi * (share - _WARM_UP) / (1 - _WARM_UP)))
        if config.step_lr:
            rate *= config.step_lr.gamma ** (int(done) // config.step_lr.step_size)
        plateau = config.reduce_lr_on_plateau
        return max(rate * self._plateau_scale, min(rate, plateau.min_lr)) if plateau else rate

    def after_epoch(self, val_loss: float) -> None:
        """Look at the validation loss of the epoch that ended."""
        plateau = self._config.reduce_lr_on_plateau
        if plateau is None:
            return
        if val_loss < self._lowest * (1 - _THRESHOLD):
            self._lowest, self._bad_epochs = val_loss, 0
            return
        self._bad_epochs += 1
        if self._bad_epochs > plateau.patience:
            self._plateau_scale *= plateau.factor
            self._bad_epochs = 0

    def state_dict(self) -> dict[str, float]:
        """What `load_state_dict` needs to continue."""
        return {"lowest": self._lowest, "bad_epochs": self._bad_epochs, "plateau_scale": self._plateau_scale}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Continue from `state_dict`."""
        self._lowest = state["lowest"]
        self._bad_epochs = int(state["bad_epochs"])
        self._plateau_scale = state["plateau_scale"]
