"""The tree tells where things are: no folder is a drawer."""

import ast
import subprocess
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


def named_kinds(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", ROOT / "lint" / "kinds.sh"], cwd=tree, capture_output=True, text=True, check=False
    )


def test_only_the_folders_of_kinds_name_kinds() -> None:
    assert named_kinds(ROOT).stderr == ""


@pytest.mark.parametrize(
    ("path", "text", "is_fine"),
    [
        ("jobs/forms.py", 'if task == "imageclassification":', False),
        ("jobs/kinds.py", "if task is Task.TEXT:", False),
        ("templates/job.html", '{% if job.task_type == "textclassification" %}', False),
        ("site/static/flash/job.js", 'const TASK = "textclassification";', False),
        ("jobs/kinds/sentences/uploads.py", 'TASK = "textclassification"', True),
        ("templates/kinds/pictures/sample.html", "imageclassification", True),
        ("jobs/migrations/0001_initial.py", '("imageclassification", "images")', True),
        ("jobs/forms.py", "if task in KINDS:", True),
    ],
)
def test_who_names_a_kind_elsewhere_is_found(tmp_path: Path, path: str, text: str, is_fine: bool) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"{text}\n")
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    done = named_kinds(tmp_path)
    assert (done.returncode == 0) == is_fine
    assert (path in done.stderr) != is_fine


PROJECT = ("flashsite", "jobs", "modelstore", "training", "benchmarks")


def lost_imports(root: Path, script: Path) -> list[str]:
    """What a script imports from the project that is not there; nothing is run."""
    wanted = [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(script.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PROJECT
        for alias in node.names
    ]
    return [f"{module}.{name}" for module, name in wanted if not has_name(root, module, name)]


def has_name(root: Path, module: str, name: str) -> bool:
    place = root / module.replace(".", "/")
    if (place / f"{name}.py").is_file() or (place / name / "__init__.py").is_file():
        return True
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not source.is_file():
        return False
    names = set[str]()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
    return name in names


def test_benchmarks_import_what_is_there() -> None:
    """They run by hand and seldom: what moves in the project is soon missed by them."""
    lost = {
        script.relative_to(ROOT).as_posix(): names
        for script in sorted((ROOT / "benchmarks").rglob("*.py"))
        if (names := lost_imports(ROOT, script))
    }
    assert not lost


def test_a_lost_import_is_found(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "there.py").write_text("def kept(): ...\n")
    script = tmp_path / "script.py"
    script.write_text("from training.there import kept, gone\nfrom training.moved import kept\n")
    assert lost_imports(tmp_path, script) == ["training.there.gone", "training.moved.kept"]
