"""Small data sets, drawn and written by the project itself (see make.py), to try Flash with; `Kind.sample_data`."""

from pathlib import Path

from training.kinds import KINDS, Kind, SampleData

FOLDER = Path(__file__).resolve().parent


def sample_data(name: str) -> tuple[Kind, SampleData] | None:
    """The data set of this name and its kind; None where there is none."""
    found = ((kind, data) for kind in KINDS.values() for data in kind.sample_data)
    return next(((kind, data) for kind, data in found if data.name == name), None)
