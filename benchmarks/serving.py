"""Predictions side by side: a bare loop, Flash, and other servers with the same model on the same cores.

    python -m benchmarks.serving --peers FOLDER --work FOLDER --only throughput,latency

The others are taken from FOLDER/litserve, FOLDER/bentoml and FOLDER/mlflow, each filled once by
`uv pip install --target FOLDER/NAME NAME onnxruntime pillow numpy` (and `python-multipart` for litserve); who is
missing is named and left out. Everything runs at once and takes turns, round after round; what is printed are medians
over the rounds, and medians of the ratios within a round, which a busy machine disturbs least.
The load comes from a process of its own, over 16 kept-alive connections.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks import serving_many, serving_peers, serving_shared, serving_start, serving_text
from benchmarks.serving_bare import BareLoops
from benchmarks.serving_load import Load, multipart, run_load
from benchmarks.serving_models import photos, publish, slim, trained
from benchmarks.serving_peers import Contender
from benchmarks.site import bar, port_of, running_site
from training.bundle.manifest import SERVING_COPY_FILE, Manifest

CONNECTIONS = 16


@dataclass(kw_only=True, slots=True)
class Results:
    """Of one contender, a value for each round."""

    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    errors: int = 0

    def add(self, load: Load, cpu_seconds: float) -> None:
        """One round more."""
        self.rates.append(load.rate)
        self.p50.append(load.quantile(0.5))
        self.p99.append(load.quantile(0.99))
        self.cpu.append(cpu_seconds * 1000 / max(1, len(load.milliseconds)))
        self.errors += load.errors

    def line(self, name: str) -> str:
        """For a person to read."""
        return (
            f"{name:<10} {statistics.median(self.rates):7.1f}/s   p50 {statistics.median(self.p50):7.2f} ms"
            f"   p99 {statistics.median(self.p99):7.2f} ms   processor {statistics.median(self.cpu):6.2f} ms each"
            + (f"   {self.errors} errors" if self.errors else "")
        )


def ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios within the rounds."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


class Race:
    """All contenders, running, and the means to measure them in turns."""

    def __init__(self, contenders: Sequence[Contender], bare: BareLoops, options: argparse.Namespace) -> None:
        self.contenders = contenders
        self.bare = bare
        self.rounds: int = options.rounds
        self.seconds: float = options.seconds

    def throughput(self) -> None:
        """Bars 1 and 3: sixteen connections, as fast as each can."""
        results = {name: Results() for name in ("bare", *(c.name for c in self.contenders))}
        for _ in range(self.rounds):
            rate, took = self.bare.run(self.seconds)
            results["bare"].add(Load(rate=rate, milliseconds=took, statuses={}), 0.0)
            for contender in self.contenders:
                before = _cpu_seconds(contender)
                load = run_load(
                    contender.port, contender.requests, connections=CONNECTIONS, seconds=self.seconds
                )
                results[contender.name].add(load, _cpu_seconds(contender) - before)
        print(f"\n{CONNECTIONS} connections, one picture a request:")
        for name, result in results.items():
            print(result.line(name))
        flash = results["flash"]
        bar("errors", sum(r.errors for r in results.values()), 0, at_least=False)
        bar("throughput_to_bare", ratio(flash.rates, results["bare"].rates), 0.9)
        for name, other in results.items():
            if name == "flash_int8":
                bar("throughput_of_int8_to_bare", ratio(other.rates, results["bare"].rates), 1.5)
            elif name not in ("bare", "flash"):
                bar(f"throughput_to_{name}", ratio(flash.rates, other.rates), 1.15)
                bar(f"p99_to_{name}", ratio(flash.p99, other.p99), 1.0, at_least=False)

    def latency(self) -> None:
        """Bar 2: one request at a time, then half of what the site can do."""
        results = {name: Results() for name in ("bare", *(c.name for c in self.contenders))}
        for _ in range(self.rounds):
            rate, took = self._bare_alone()
            results["bare"].add(Load(rate=rate, milliseconds=took, statuses={}), 0.0)
            for contender in self.contenders:
                before = _cpu_seconds(contender)
                load = run_load(contender.port, contender.requests, connections=1, seconds=self.seconds)
                results[contender.name].add(load, _cpu_seconds(contender) - before)
        print("\nOne request at a time:")
        for name, result in results.items():
            print(result.line(name))
        over = [a - b for a, b in zip(results["flash"].p50, results["bare"].p50, strict=True)]
        bar("one_at_a_time_over_bare_ms", statistics.median(over), 1.0, at_least=False)
        self._half_load()

    def _half_load(self) -> None:
        flash = next(c for c in self.contenders if c.name == "flash")
        spread, results = [], Results()
        for _ in range(self.rounds):
            full = run_load(flash.port, flash.requests, connections=CONNECTIONS, seconds=self.seconds)
            half = run_load(
                flash.port,
                flash.requests,
                connections=CONNECTIONS,
                seconds=self.seconds * 2,
                rate=full.rate / 2,
            )
            results.add(half, 0.0)
            spread.append(half.quantile(0.99) / half.quantile(0.5))
        print("\nHalf load, evenly paced:")
        print(results.line("flash"))
        bar("p99_to_median_at_half_load", statistics.median(spread), 2.0, at_least=False)

    def _bare_alone(self) -> tuple[float, list[float]]:
        return self.bare.run(self.seconds, only=1)


def _cpu_seconds(contender: Contender) -> float:
    """Of all processes of a server, those that have ended included."""
    top = psutil.Process(contender.process_id)
    total = 0.0
    for process in (top, *top.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def web_master(port: int) -> int:
    """The id of gunicorn's master process."""
    for process in psutil.process_iter():
        if "gunicorn" in " ".join(process.cmdline()):
            family = [process, *process.children()]
            if any(found.laddr.port == port for one in family for found in one.net_connections("tcp")):
                return int(process.pid if len(family) > 1 else process.ppid())
    raise SystemExit(f"no gunicorn listens on port {port}")


def flash_contender(name: str, port: int, token: str, pictures: Path) -> Contender:
    """The running site, asked for predictions of one model."""
    path = f"/api/v1/models/{token}/predict/"
    requests = [multipart(path, "image", file.read_bytes()) for file in sorted(pictures.iterdir())]
    return Contender(name=name, port=port, requests=requests, process_id=web_master(port))


def race(options: argparse.Namespace, work: Path, wanted: Sequence[str]) -> None:
    """Start everyone, then run the wanted measurements."""
    bundle, pictures = trained(work, "pictures"), photos(work)
    plain = slim(bundle, work / "plain")
    with ExitStack() as stack:
        contenders = []
        client, var_dir = stack.enter_context(running_site(FLASH_SERVING_COPY="1"))
        bundles = {"flash": plain}
        if SERVING_COPY_FILE in Manifest.read(bundle).files:
            bundles["flash_int8"] = slim(bundle, work / "with-copy", extra=[SERVING_COPY_FILE])
        for name, token in zip(bundles, publish(var_dir, list(bundles.values())), strict=True):
            contenders.append(flash_contender(name, port_of(client), token, pictures))
        absent = serving_peers.missing(options.peers)
        for name in serving_peers.NAMES:
            if name in absent or name in options.without:
                print(f"{name} is left out (see --peers)")
                continue
            peer = serving_peers.running(name, options.peers / name, plain, pictures, work)
            contenders.append(stack.enter_context(peer))
        bare = stack.enter_context(BareLoops(plain, pictures))
        run = Race(contenders, bare, options)
        for contender in contenders:
            run_load(contender.port, contender.requests, connections=CONNECTIONS, seconds=2)
        parts: dict[str, Callable[[], None]] = {"throughput": run.throughput, "latency": run.latency}
        for name in wanted:
            parts[name]()


PARTS = {
    "text": serving_text.main,
    "many": serving_many.main,
    "shared": serving_shared.main,
    "start": serving_start.main,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, help="folder with the packages of the other servers")
    parser.add_argument("--without", nargs="*", default=[], help="peers to leave out")
    parser.add_argument("--work", type=Path, help="folder that keeps the trained models for the next run")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn")
    parser.add_argument("--only", default="throughput,latency,text,many,shared,start")
    options = parser.parse_args()
    wanted = options.only.split(",")
    with tempfile.TemporaryDirectory(prefix="flash-serving-") as temporary:
        work = (options.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        if racing := [name for name in wanted if name not in PARTS]:
            race(options, work, racing)
        for name in wanted:
            if name in PARTS:
                PARTS[name](options, work)


if __name__ == "__main__":
    main()
