"""An environment of their own for the tools that a benchmark compares with or feeds from; Flash never needs them."""

import subprocess
import sys
from pathlib import Path

from benchmarks.site import ROOT

_LIST = Path(__file__).parent / "real_exports" / "tools.txt"


def python_with_tools(*, newest: bool = False) -> Path:
    """The interpreter of var/bench/tools, made on the first call; `newest` leaves the pins aside."""
    folder = ROOT / "var" / "bench" / ("newest_tools" if newest else "tools")
    python, stamp = folder / "bin" / "python", folder / "tools.txt"
    wanted = _LIST.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    names = [line.partition("==")[0] if newest else line for line in wanted.splitlines()]
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *names], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python
