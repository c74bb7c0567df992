"""What a process knows is not for its children."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Another user's, even where the tests run as root.
_CODE = """
import ctypes, os, sys
from flashsite.supervisor import tether

libc = ctypes.CDLL(None)
if "keep" in sys.argv:
    tether.keep_secrets()
parent = os.getpid()
if not os.fork():
    try:
        os.setgid(65534), os.setuid(65534)
    except PermissionError:
        pass
    try:
        os.readlink(f"/proc/{parent}/cwd")
        print("read", flush=True)
    except PermissionError:
        print("refused", flush=True)
    os._exit(0)
os.wait()
print(libc.prctl(3, 0, 0, 0, 0), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl(2)")
def test_a_child_of_the_same_user_cannot_look_into_it() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _CODE, "keep"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused", "0"]
