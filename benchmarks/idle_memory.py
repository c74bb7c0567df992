"""Memory that Flash takes when idle: starts `manage.py up` in a folder of its own and adds up all its processes.

    make bench NAME=idle_memory

PSS counts a page shared by n processes n times 1/n, so its sum is what the machine really gives; RSS counts it n
times. The bar is 400 MB of PSS.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import psutil

_BAR_MB = 400
_PAGES = ("health/", "api/v1/status/", "admin/login/")
_REQUESTS = 60
_SETTLE_SECONDS = 20


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="flash-") as folder:
        environment = {**os.environ, "FLASH_VAR_DIR": folder}
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up"], env=environment, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        try:
            url = _wait_until_ready(up)
            for number in range(_REQUESTS):
                urllib.request.urlopen(url + _PAGES[number % len(_PAGES)]).read()
            time.sleep(_SETTLE_SECONDS)
            return _report(psutil.Process(up.pid))
        finally:
            up.send_signal(signal.SIGINT)
            up.communicate(timeout=60)


def _wait_until_ready(up: "subprocess.Popen[str]") -> str:
    assert up.stdout is not None
    for line in up.stdout:
        if "is ready" in line:
            return next(word for word in line.split() if word.startswith("http"))
    raise SystemExit("up ended before the site answered")


def _report(supervisor: psutil.Process) -> int:
    total_pss = total_rss = 0.0
    for process in [supervisor, *supervisor.children(recursive=True)]:
        facts = process.memory_full_info()
        total_pss += facts.pss / 1e6
        total_rss += facts.rss / 1e6
        print(
            f"{facts.pss / 1e6:7.1f} MB PSS {facts.rss / 1e6:7.1f} MB RSS  {' '.join(process.cmdline())[-90:]}"
        )
    print(f"{total_pss:7.1f} MB PSS {total_rss:7.1f} MB RSS  together (bar: {_BAR_MB} MB PSS)")
    return int(total_pss > _BAR_MB)


if __name__ == "__main__":
    sys.exit(main())
