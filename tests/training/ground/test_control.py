"""What a process does to stay out of the way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_LOWERED = """
import os
from training.ground.control import lower_priority
lower_priority(3)
lower_priority(4)
print(os.getpriority(os.PRIO_PROCESS, 0))
"""
_GROUP = "print(open('/proc/self/autogroup').read())"


def _printed(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, start_new_session=True
    )
    return done.stdout.strip()


def test_steps_add_up() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert _printed(_LOWERED) == str(min(19, before + 7))


@pytest.mark.parametrize("own_session", [True, False])
def test_a_session_of_its_own_is_lowered_as_a_whole_and_no_other(own_session: bool) -> None:
    if not Path("/proc/self/autogroup").exists():
        # This kernel knows no such groups: the steps of the process alone count, which the test above shows.
        return
    code = f"from training.ground.control import lower_priority\nlower_priority(7)\n{_GROUP}"
    if not own_session:
        code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {code!r}], check=True)"
    assert _printed(code).endswith("nice 7") == own_session
