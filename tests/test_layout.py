"""The tree tells where things are: no folder is a drawer."""

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MOST_MODULES = 25


def crowded(package: Path) -> dict[str, int]:
    """Folders with more than MOST_MODULES modules side by side; migrations only ever grow, and are not counted."""
    modules = [path for path in package.rglob("*.py") if path.name != "__init__.py"]
    counts = Counter(path.parent.relative_to(package.parent).as_posix() for path in modules)
    return {
        folder: n for folder, n in counts.items() if n > MOST_MODULES and not folder.endswith("/migrations")
    }


@pytest.mark.parametrize(
    "package",
    [
        "flashsite",
        "jobs",
        "modelstore",
        "training",
    ],
)
def test_no_folder_is_crowded(package: str) -> None:
    assert not crowded(ROOT / package), "Make rooms: a folder with a name and a layer in pyproject.toml."


def test_a_crowded_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "jobs" / "migrations").mkdir(parents=True)
    for number in range(MOST_MODULES + 1):
        (tmp_path / "jobs" / f"module{number}.py").touch()
        (tmp_path / "jobs" / "migrations" / f"{number:04}.py").touch()
    (tmp_path / "jobs" / "__init__.py").touch()
    assert crowded(tmp_path / "jobs") == {"jobs": MOST_MODULES + 1}
