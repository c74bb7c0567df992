"""Writes what one tool writes: write_files.py TOOL FOLDER. Runs in the tools' own environment."""

import importlib
import sys
from pathlib import Path

from made_up import Expected

if __name__ == "__main__":
    tool, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    importlib.import_module(f"write_{tool}").write(Expected(folder, tool))
