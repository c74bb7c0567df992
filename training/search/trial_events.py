"""What is heard of a training that is one of several."""

import io
import time
from typing import Any

from training.ground.events import Events


class TrialEvents(Events):
    """Its progress is that of the time that the whole search has; what it warns of counts where it is the best."""

    def __init__(self, whole: Events, started: float, budget: float) -> None:
        super().__init__(io.StringIO())
        self._whole, self._began, self._budget = whole, started, budget

    def muted(self) -> Events:
        """See Events."""
        return self._whole.muted()

    def phase(self, name: str, low: float, high: float, detail: str | None = None) -> None:
        """See Events; the search has one phase."""

    def progress(self, share: float) -> None:
        """See Events."""
        self._whole.progress((time.monotonic() - self._began) / max(self._budget, 1.0))

    def warning(self, message: str) -> None:
        """See Events: until it is known to be about the model that stays, it is one line of the log."""
        if message not in self.warnings:
            self.warnings.append(message)
            self._whole.log(message)

    def log(self, message: str) -> None:
        """See Events."""
        self._whole.log(message)

    def _write(self, kind: str, **facts: Any) -> None:
        """Epochs of one trial after those of another would be no curve."""
