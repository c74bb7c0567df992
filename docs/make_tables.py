"""Makes the tables of the guides that follow from the code: `python docs/make_tables.py`."""

import os
import sys
from pathlib import Path

_DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(_DOCS.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")

from jobs.submitting.hyperparameter_fields import with_table  # noqa: E402  # needs the path and the settings above
from training.ground.hyperparameters import HYPERPARAMETERS  # noqa: E402


def main() -> None:
    guide = _DOCS / "api.md"
    guide.write_text(with_table(guide.read_text(encoding="utf-8"), HYPERPARAMETERS), encoding="utf-8")


if __name__ == "__main__":
    main()
