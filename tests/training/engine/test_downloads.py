"""Downloads of weights: whole or not at all, and a network that refuses is left alone for a while."""

import hashlib
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from training.engine import downloads
from training.engine.downloads import DownloadFailed, download

CONTENT = b"weights " * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


@pytest.fixture
def server():
    """Gives out CONTENT, or a failure while `broken`; `asked` counts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            httpd.asked += 1
            self.send_response(503 if httpd.broken else 200)
            self.end_headers()
            self.wfile.write(b"" if httpd.broken else CONTENT)

        def log_message(self, *_):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.asked, httpd.broken = 0, False
    httpd.url = f"http://127.0.0.1:{httpd.server_port}/model.safetensors"
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield httpd
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_a_file_arrives_whole_and_alone(server, folder):
    target = folder / "new" / "model.safetensors"
    download(server.url, target, DIGEST[:8])
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_network_that_refused_is_asked_again_only_later(server, folder):
    target = folder / "model.safetensors"
    server.broken = True
    with pytest.raises(DownloadFailed, match="blocks it"):
        download(server.url, target, DIGEST)
    server.broken = False
    with pytest.raises(DownloadFailed, match="some minutes ago"):
        download(server.url, target, DIGEST)
    assert server.asked == 1
    before = time.time() - downloads._RESTS_SECONDS - 1
    os.utime(folder / downloads._REFUSED_FILE, (before, before))
    download(server.url, target, DIGEST)
    assert [path.name for path in folder.iterdir()] == [target.name]


def test_a_clock_that_was_ahead_keeps_nobody_waiting(server, folder):
    refused = folder / downloads._REFUSED_FILE
    refused.touch()
    os.utime(refused, (time.time() + 9999,) * 2)
    download(server.url, folder / "model.safetensors", DIGEST)


def test_a_damaged_file_is_asked_for_again_at_once(server, folder):
    target = folder / "model.safetensors"
    for _ in range(2):
        with pytest.raises(DownloadFailed, match="damaged"):
            download(server.url, target, "0000")
    assert server.asked == 2
    assert not list(folder.iterdir())
