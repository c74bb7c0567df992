"""Everything at once on one machine: people browse, programs predict, large files come in; this build and b32cf41.

    make bench NAME=under_load [ARGS="--seconds 40 --rounds 2"]

200 connections ask for 40 pages a second, others for 50 predictions a second (sentences and photos by turns), and
meanwhile four files of 100 MB are uploaded to be checked: two zips of photos, two tables. The same load goes to a site
of today's code and to one of b32cf41, by turns. Latency is counted from when a request was due. The models were asked
before, so that what is measured is a site at work, not how long a model takes to load.
"""

import argparse
import csv
import http.client
import io
import random
import statistics
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.serving_load import Load, multipart, post, run_load
from benchmarks.site import DATA, ROOT, bar, port_of, running_site

OLD = "b32cf41"
_FILE_BYTES = 100 * 1024**2
_PAGES_A_SECOND, _BROWSERS = 40.0, 200
_PREDICTIONS_A_SECOND, _PROGRAMS = 50.0, 40
_FIRST_SECONDS = 3.0
_WORDS = ("please", "refund", "my", "order", "that", "never", "came", "to", "our", "house", "and", "when")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one site did under the load; `uploads` are status and seconds of each."""

    pages: Load
    predictions: Load
    uploads: list[tuple[int, float]]

    @property
    def server_errors(self) -> int:
        """Answers of 500 and above; those that ask to come back later are counted apart."""
        found = [status for load in (self.pages, self.predictions) for status in _each(load.statuses)]
        found += [status for status, _ in self.uploads]
        return sum(status >= 500 and status != 503 for status in found)


def _each(statuses: dict[str, int]) -> Iterator[int]:
    for status, count in statuses.items():
        yield from [int(status)] * count


def main() -> None:
    """Print what each build did, then the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0, help="how long each load lasts")
    parser.add_argument("--rounds", type=int, default=2, help="how often each build has its turn")
    parser.add_argument("--only-new", action="store_true", help="today's code alone, for a quick look")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flash-load-") as folder:
        files = _files(Path(folder))
        found: dict[str, list[Outcome]] = {"now": []} if options.only_new else {OLD: [], "now": []}
        with _checkout(Path(folder)) as old:
            for number in range(options.rounds):
                for name, outcomes in found.items():
                    outcomes.append(_measure(old if name == OLD else ROOT, files, options.seconds))
                    _tell(f"{name}, round {number + 1}", outcomes[-1])
    _bars(found)


def _bars(found: dict[str, list[Outcome]]) -> None:
    now = found["now"]
    for what in ("pages", "predictions"):
        ours = _p99(now, what)
        bar(f"{what}_p99_ms", ours, 500, at_least=False)
        if OLD in found:
            bar(f"{what}_p99_times_lower", _p99(found[OLD], what) / ours, 3)
    bar("server_errors", sum(outcome.server_errors for outcome in now), 0, at_least=False)
    uploads = [status for outcome in now for status, _ in outcome.uploads]
    bar("uploads_taken_share", uploads.count(201) / len(uploads), 1)


def _p99(outcomes: Sequence[Outcome], what: str) -> float:
    return statistics.median(getattr(outcome, what).quantile(0.99) for outcome in outcomes)


def _tell(title: str, outcome: Outcome) -> None:
    print(f"\n{title}:")
    for what in ("pages", "predictions"):
        load: Load = getattr(outcome, what)
        times = "   ".join(f"p{share:g} {load.quantile(share / 100):7.1f} ms" for share in (50, 90, 99))
        print(f"{what:12} {load.rate:6.1f}/s   {times}   {load.statuses}")
    print("uploads     ", ", ".join(f"{status} after {seconds:.1f} s" for status, seconds in outcome.uploads))


@contextmanager
def _checkout(folder: Path) -> Iterator[Path]:
    """A worktree of the old build."""
    place = folder / OLD
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--detach", "--force", str(place), OLD], check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=True, capture_output=True)


def _measure(root: Path, files: Sequence[Path], seconds: float) -> Outcome:
    """Start a site, give it two models, and load it."""
    with running_site(root) as (flash, _):
        port = port_of(flash)
        table, photos = (
            DATA / "text" / "trec6" / "train.csv",
            DATA / "images" / "hymenoptera-224" / "train.zip",
        )
        sentences = flash.wait(
            flash.train(table, task_type="textclassification", task_name="questions")["token"]
        )
        pictures = flash.wait(
            flash.train(photos, task_type="imageclassification", task_name="insects")["token"]
        )
        pages = _pages(sentences["token"], pictures["token"])
        predictions = _predictions(sentences["token"], pictures["token"])
        run_load(port, predictions, connections=_PROGRAMS, seconds=_FIRST_SECONDS, rate=_PREDICTIONS_A_SECOND)
        results: dict[str, Load] = {}
        uploads: list[tuple[int, float]] = []
        loads = {
            "pages": (pages, _BROWSERS, _PAGES_A_SECOND),
            "predictions": (predictions, _PROGRAMS, _PREDICTIONS_A_SECOND),
        }

        def load(name: str) -> None:
            requests, connections, rate = loads[name]
            results[name] = run_load(port, requests, connections=connections, seconds=seconds, rate=rate)

        threads = [threading.Thread(target=load, args=(name,)) for name in loads]
        threads += [threading.Thread(target=_upload, args=(port, file, uploads)) for file in files]
        for number, thread in enumerate(threads):
            # The uploads begin when the others are under way.
            time.sleep(2.0 if number == len(loads) else 0.0)
            thread.start()
        for thread in threads:
            thread.join()
    return Outcome(pages=results["pages"], predictions=results["predictions"], uploads=uploads)


def _pages(*tokens: str) -> list[bytes]:
    paths = ["/", "/new/text/", "/new/image/", "/about/", "/recent/"]
    paths += [f"/{kind}/{token}/" for token in tokens for kind in ("jobs", "models")]
    head = "GET {} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"
    return [head.format(path).encode() for path in paths]


def _predictions(sentences: str, pictures: str) -> list[bytes]:
    chosen = random.Random(1)
    found = []
    with zipfile.ZipFile(DATA / "images" / "hymenoptera-224" / "test.zip") as archive:
        photos = [archive.read(name) for name in archive.namelist() if name.endswith(".jpg")][:30]
    for photo in photos:
        text = " ".join(chosen.choices(_WORDS, k=12))
        path = f"/api/v1/models/{sentences}/predict/"
        found.append(post(path, f'{{"inputs": ["{text}"]}}'.encode(), "application/json"))
        found.append(multipart(f"/api/v1/models/{pictures}/predict/", "image", photo))
    return found


def _files(folder: Path) -> list[Path]:
    """Two zips of photos and two tables, each of 100 MB."""
    found = []
    for number in range(2):
        found += [
            _photos(folder / f"photos{number}.zip", number),
            _table(folder / f"table{number}.csv", number),
        ]
    return found


def _photos(path: Path, seed: int) -> Path:
    random_numbers = np.random.default_rng(seed)
    with zipfile.ZipFile(path, "w") as archive:
        number = size = 0
        while size < _FILE_BYTES:
            coarse = random_numbers.integers(0, 256, (60, 80, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.BICUBIC)
            noise = random_numbers.integers(-12, 13, (1200, 1600, 3))
            pixels = (np.asarray(picture).astype(np.int64) + noise).clip(0, 255).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
            archive.writestr(f"{'cat' if number % 2 else 'dog'}/{number:05}.jpg", buffer.getvalue())
            number, size = number + 1, size + buffer.tell()
    return path


def _table(path: Path, seed: int) -> Path:
    chosen = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["input", "label"])
        while file.tell() < _FILE_BYTES:
            rows = [
                [" ".join(chosen.choices(_WORDS, k=24)) + f" {chosen.random()}", chosen.choice("ab")]
                for _ in range(1000)
            ]
            writer.writerows(rows)
    return path


def _upload(port: int, file: Path, results: list[tuple[int, float]]) -> None:
    """Send the file to be checked; a 503 or 429 is asked again when it says so."""
    task = "imageclassification" if file.suffix == ".zip" else "textclassification"
    edge = "flash-benchmark-edge"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="task_type"\r\n\r\n{task}\r\n'
        f'--{edge}\r\nContent-Disposition: form-data; name="dataset"; filename="{file.name}"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{edge}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Content-Length": str(len(head) + file.stat().st_size + len(tail)),
    }
    started = time.monotonic()
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        with file.open("rb") as content:
            body = iter([head, *iter(lambda: content.read(1024**2), b""), tail])
            connection.request("POST", "/api/v1/datasets/", body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
        if answer.status in (429, 503) and time.monotonic() - started < 120:
            time.sleep(float(answer.headers.get("Retry-After", "2")))
            continue
        results.append((answer.status, time.monotonic() - started))
        return


if __name__ == "__main__":
    main()
