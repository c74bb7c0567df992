"""The rate of an address holds for the site, not for each of its processes."""

import http.client
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.slow
def test_two_processes_count_together(make_site: Callable[..., Any], tmp_path: Path) -> None:
    site = make_site(tmp_path / "var", FLASH_SUBMIT_RATE="20/hour")
    site.start()
    found: Counter[int] = Counter()
    for _ in range(80):
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        connection.request("POST", "/api/v1/uploads/", b"{}", {"Content-Type": "application/json"})
        found[connection.getresponse().status] += 1
        connection.close()
    assert found == {400: 20, 429: 60}
