"""Every alert that the code can raise is in the runbook, with what to do."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
# Kinds that the code makes up while it runs.
MADE_UP = {
    # The reconciler names the action that was refused; these ask EC2 for something.
    "type(action).__name__.lower()": {"start", "launch", "stop"},
    # jobs.compute.planning hands it to Explain.
    "alert": {"no machine"},
    # Handed on by the ledger and by alerts.tell itself.
    "kind": set(),
}


def told_kinds() -> dict[str, str]:
    """Kind of alert -> the file that raises it."""
    found = {}
    for path in sorted((ROOT / "jobs").rglob("*.py")) + sorted((ROOT / "modelstore").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            owner = ast.unparse(node.func.value)
            if (node.func.attr, owner) != ("tell", "alerts") and node.func.attr != "alert":
                continue
            kind = node.args[0]
            if isinstance(kind, ast.Constant):
                found[str(kind.value)] = path.name
            else:
                found |= dict.fromkeys(MADE_UP[ast.unparse(kind)], path.name)
    return found


def test_each_alert_is_in_the_runbook() -> None:
    kinds = told_kinds()
    assert len(kinds) >= 10
    for kind, where in kinds.items():
        rows = [line for line in RUNBOOK.splitlines() if re.search(rf"^\| alert.*`{re.escape(kind)}`", line)]
        assert len(rows) == 1, f"docs/runbook.md should have one row for the alert `{kind}` ({where})"
        assert all(len(cell.strip()) > 5 for cell in rows[0].strip("|").split(" | ")), rows[0]


def test_the_runbook_names_no_alert_that_is_gone() -> None:
    named = {
        name
        for line in RUNBOOK.splitlines()
        if line.startswith("| alert")
        for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])
    }
    assert named == set(told_kinds())
