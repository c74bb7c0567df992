"""Bar 4: sentences through the n-grams, the LSTM and the encoder, one at a time and a thousand in one call."""

import argparse
import json
import statistics
from pathlib import Path

from benchmarks.serving_bare import BareLoops
from benchmarks.serving_load import post, quantile, run_load
from benchmarks.serving_models import publish, questions, trained
from benchmarks.site import bar, port_of, running_site

MANY = 1000
# Milliseconds of one sentence, and the share of the bare loop's speed with many in one call.
GOALS = {"ngrams": (3.0, 0.8), "lstm": (3.0, 0.8), "encoder": (6.0, 0.85)}


def main(options: argparse.Namespace, work: Path) -> None:
    """Prints medians and bars."""
    names = tuple(GOALS)
    bundles, file = [trained(work, name) for name in names], questions(work)
    sentences = json.loads(file.read_text())
    with running_site() as (client, var_dir):
        print("\nSentences:")
        for name, bundle, token in zip(names, bundles, publish(var_dir, bundles), strict=True):
            path = f"/api/v1/models/{token}/predict/"
            _one(options, name, port_of(client), path, bundle, file, sentences)
            _thousand(options, name, port_of(client), path, bundle, file, sentences)


def _one(
    options: argparse.Namespace,
    name: str,
    port: int,
    path: str,
    bundle: Path,
    file: Path,
    sentences: list[str],
) -> None:
    requests = [_request(path, [sentence]) for sentence in sentences]
    run_load(port, requests, connections=4, seconds=1)
    medians, bare_medians = [], []
    with BareLoops(bundle, file, count=1) as bare:
        for _ in range(options.rounds):
            bare_medians.append(quantile(bare.run(options.seconds / 3)[1], 0.5))
            load = run_load(port, requests, connections=1, seconds=options.seconds / 3)
            assert not load.errors, load.statuses
            medians.append(load.quantile(0.5))
    print(
        f"{name}, one: bare {statistics.median(bare_medians):.2f} ms, Flash {statistics.median(medians):.2f} ms"
    )
    bar(f"sentence_{name}_ms", statistics.median(medians), GOALS[name][0], at_least=False)


def _thousand(
    options: argparse.Namespace,
    name: str,
    port: int,
    path: str,
    bundle: Path,
    file: Path,
    sentences: list[str],
) -> None:
    many = (sentences * (MANY // len(sentences) + 1))[:MANY]
    requests, shares, rates = [_request(path, many)], [], []
    # In the bare loop, too, 64 at a time: more only pad each other.
    with BareLoops(bundle, file, count=1, batch=64) as bare:
        for _ in range(options.rounds):
            rate, _ = bare.run(options.seconds)
            load = run_load(port, requests, connections=1, seconds=options.seconds)
            assert not load.errors, load.statuses
            rates.append(MANY * 1000 / load.quantile(0.5))
            shares.append(rates[-1] / rate)
    print(f"{name}, {MANY} in one call: {statistics.median(rates):.0f} sentences/s")
    bar(f"thousand_{name}_to_bare", statistics.median(shares), GOALS[name][1])


def _request(path: str, sentences: list[str]) -> bytes:
    body = json.dumps({"inputs": sentences, "top_k": 3}).encode()
    return post(path, body, "application/json")
