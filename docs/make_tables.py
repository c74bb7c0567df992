"""Makes the tables of the guides that follow from the code: `python docs/make_tables.py [--check]`."""

import argparse
import os
import sys
from pathlib import Path

_DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(_DOCS.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")

from jobs.submitting.hyperparameter_fields import with_table  # noqa: E402  # needs the path and the settings above
from training.ground.hyperparameters import HYPERPARAMETERS  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Writes the tables of docs/api.md that follow from the code."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a table is out of date"
    )
    asked = parser.parse_args()
    guide = _DOCS / "api.md"
    before = guide.read_text(encoding="utf-8")
    after = with_table(before, HYPERPARAMETERS)
    if asked.check:
        sys.exit(None if after == before else f"{guide} is out of date. Run: python docs/make_tables.py")
    guide.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
