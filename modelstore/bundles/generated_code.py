"""Code that trains a model again without Flash: a script, and a notebook with the same cells.

It is put together from parts, files in a `standalone/code` folder, which are cells as editors know them: `# %%` begins
one of code, `# %% [markdown]` one of text. Each part imports what it needs; the imports of all are one cell.

    # if: NAME       what follows, up to `# end`, stands in the code where the condition holds; they may be nested
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SHARED = Path(__file__).resolve().parents[1] / "standalone" / "code"
_CODE, _TEXT = "# %%", "# %% [markdown]"
_WIDTH = 88


class NoCode(Exception):
    """A model cannot be trained again by code of its own; the message says why, in a sentence."""


class Setting(NamedTuple):
    """A constant at the top of the code, with words for it; a `value` that is no `literal` stands as it is."""

    name: str
    value: Any
    words: str = ""
    literal: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """What the code of a model is made of.

    `parts` are files, `conditions` those that hold in them; `words` take the places of `{name}` in their texts.
    `requirements` are packages besides torch and numpy, `files` other files that it needs, by their names, and
    `modules` Python modules, dotted, that stand alone and are copied.
    """

    settings: Sequence[Setting]
    parts: Sequence[Path]
    conditions: frozenset[str]
    title: str = ""
    about: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


class Cell(NamedTuple):
    """Lines of code, or of text in Markdown."""

    is_code: bool
    lines: list[str]


def script(code: Code) -> str:
    """The cells as one Python file."""
    lines: list[str] = []
    for cell in cells(code):
        wide = (cell.is_code and _defines(cell.lines)) or _ends_in_definition(lines)
        lines += [""] * (2 if wide else 1) if lines else []
        lines.append(_CODE if cell.is_code else _TEXT)
        lines += cell.lines if cell.is_code else [f"# {line}".rstrip() for line in cell.lines]
    return "\n".join(lines) + "\n"


def notebook(code: Code) -> str:
    """The same cells as a notebook (nbformat 4.5) that has not been run."""
    told = []
    for number, cell in enumerate(cells(code)):
        source = [f"{line}\n" for line in cell.lines]
        source[-1] = source[-1].rstrip("\n")
        facts: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}, "source": source}
        if cell.is_code:
            told.append({"cell_type": "code", "execution_count": None, "outputs": [], **facts})
        else:
            told.append({"cell_type": "markdown", **facts})
    language = {"name": "python"}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    facts = {"kernelspec": kernel, "language_info": language}
    return json.dumps({"cells": told, "metadata": facts, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def cells(code: Code) -> list[Cell]:
    """The title, the imports, the settings, and the cells of the parts."""
    imports: list[str] = []
    found: list[Cell] = []
    for part in code.parts:
        lines = list(_holding(part.read_text(encoding="utf-8").splitlines(), code.conditions))
        own, rest = _without_imports(lines)
        imports += own
        found += _split(rest, code.words)
    head = [f"# {code.title}", "", *code.about.splitlines()]
    settings = [line for setting in code.settings for line in _setting(setting)]
    top = ["import os", *imports]
    return [Cell(False, head), Cell(True, _merged(top)), Cell(True, settings), *found]


def _holding(lines: Iterable[str], conditions: frozenset[str]) -> Iterator[str]:
    """The lines whose conditions hold, without the marks of these."""
    asked: list[bool] = []
    for line in lines:
        mark = line.strip()
        if mark.startswith("# if: "):
            asked.append(mark.removeprefix("# if: ") in conditions)
        elif mark == "# end":
            asked.pop()
        elif all(asked):
            yield line


def _without_imports(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    first = next((i for i, line in enumerate(lines) if line.startswith(_CODE)), 0)
    return [line for line in lines[:first] if line], list(lines[first:])


def _split(lines: Sequence[str], words: Mapping[str, str]) -> list[Cell]:
    found: list[Cell] = []
    for line in lines:
        if line.rstrip() in (_CODE, _TEXT):
            found.append(Cell(line.rstrip() == _CODE, []))
        elif found[-1].is_code:
            found[-1].lines.append(line)
        else:
            text = line.removeprefix("#").removeprefix(" ")
            for name, told in words.items():
                text = text.replace(f"{{{name}}}", told)
            found[-1].lines.append(text)
    return [Cell(cell.is_code, trimmed) for cell in found if (trimmed := _trimmed(cell.lines))]


def _trimmed(lines: list[str]) -> list[str]:
    """Without blank lines that conditions have left at the ends and in rows."""
    text = "\n".join(lines).strip("\n")
    text = re.sub(r"\n{3,}(?=[^\s])", "\n\n\n", text)
    return re.sub(r"\n{3,}(?=[ ])", "\n\n", text).splitlines()


def _defines(lines: Sequence[str]) -> bool:
    return lines[0].startswith(("def ", "class ", "@"))


def _ends_in_definition(lines: Sequence[str]) -> bool:
    if not lines or not lines[-1].startswith(" "):
        return False
    last = next(line for line in reversed(lines) if line[:1] not in ("", " ", ")", "]", "}"))
    return last.startswith(("def ", "class "))


def _merged(imports: Iterable[str]) -> list[str]:
    """Each module once, those of Python itself first."""
    whole: set[str] = set()
    names: dict[str, set[str]] = {}
    for line in imports:
        if line.startswith("from "):
            module, _, some = line.removeprefix("from ").partition(" import ")
            names.setdefault(module, set()).update(some.split(", "))
        else:
            whole.add(line.removeprefix("import "))
    lines: list[list[str]] = [[], []]
    for module in sorted(whole):
        lines[not _is_python(module)].append(f"import {module}")
    for module in sorted(names):
        lines[not _is_python(module)].append(_from(module, sorted(names[module], key=_isort)))
    return "\n".join([*lines[0], "", *lines[1]]).strip("\n").splitlines()


def _isort(name: str) -> tuple[int, str]:
    """Constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _from(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _is_python(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _setting(setting: Setting) -> list[str]:
    value = literal(setting.value) if setting.literal else str(setting.value)
    line = f"{setting.name} = {value}"
    if not setting.words:
        return line.splitlines()
    commented = f"{line}  # {setting.words}"
    if "\n" not in line and len(commented) <= _WIDTH:
        return [commented]
    return [f"# {setting.words[:1].upper()}{setting.words[1:]}.", *line.splitlines()]


def literal(value: Any) -> str:
    """A value as the formatter writes it, behind a short name."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        rows = [f"    {_quoted(key)}: {literal(one)}," for key, one in value.items()]
        return "\n".join(["{", *rows, "}"]) if rows else "{}"
    if isinstance(value, list):
        line = f"[{', '.join(map(literal, value))}]"
        fits = len(f"CLASSES = {line}") <= _WIDTH
        return line if fits else "\n".join(["[", *(f"    {literal(one)}," for one in value), "]"])
    return repr(value)


def _quoted(text: str) -> str:
    """A string in double quotes, unless that would take marks that others do not."""
    told = json.dumps(text, ensure_ascii=False)
    if '"' in text and "'" not in text:
        return "'" + told[1:-1].replace('\\"', '"') + "'"
    return told
