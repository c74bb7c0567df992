"""Two small data sets, drawn and written by the project itself (see make.py), to try Flash with."""

from pathlib import Path

from training.kinds.task import Task

FOLDER = Path(__file__).resolve().parent
# Address of the sample -> what it is for, and its file.
SAMPLES: dict[str, tuple[Task, str]] = {
    "shapes": (Task.IMAGE, "shapes.zip"),
    "messages": (Task.TEXT, "messages.csv"),
}
