"""Environments of their own for the tools that a benchmark compares with or feeds from; Flash never needs them."""

import subprocess
import sys
from pathlib import Path

from benchmarks.site import ROOT

_LIST = Path(__file__).parent / "real_exports" / "tools.txt"
_REQUIREMENTS = ROOT / "requirements.txt"


def python_with_tools(*, newest: bool = False) -> Path:
    """The interpreter of var/bench/tools, made on the first call; `newest` leaves the pins aside."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    if newest:
        return _python("newest_tools", [line.partition("==")[0] for line in lines])
    return _python("tools", lines)


def python_of(name: str, tools: Path) -> Path:
    """The interpreter of var/bench/`name` with the list `tools`."""
    return _python(name, tools.read_text(encoding="utf-8").splitlines())


def python_beside_torch(name: str, tools: Path) -> Path:
    """The interpreter of var/bench/`name` with the list `tools`, and whatever Flash pins as Flash pins it."""
    lines = tools.read_text(encoding="utf-8").splitlines()
    return _python(name, lines, _REQUIREMENTS.read_text(encoding="utf-8"))


def _python(name: str, lines: list[str], pins: str = "") -> Path:
    folder = ROOT / "var" / "bench" / name
    python, stamp = folder / "bin" / "python", folder / "tools.txt"
    wanted = "\n".join([*lines, pins])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    constraints = ["--constraint", _REQUIREMENTS] if pins else []
    install = [uv, "pip", "install", "--quiet", "--python", python, *constraints, *lines]
    subprocess.run(install, check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python
