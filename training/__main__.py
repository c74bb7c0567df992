"""`python -m training RUN_DIR [--parent-pid N]`: the child process; events go to stdout as JSON lines.

With --wait it loads its libraries and then reads RUN_DIR from stdin. With several GPUs it starts one more of itself for
each; `torchrun --nproc-per-node N -m training RUN_DIR` does as well.
"""

import time

_STARTED = time.monotonic()

import argparse  # noqa: E402
import io  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TextIO  # noqa: E402

from training.ground import log_lines  # noqa: E402
from training.ground.confinement import confine_training  # noqa: E402
from training.ground.control import Control, die_with_parent, lower_priority  # noqa: E402
from training.ground.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, Interrupted, TrainingFailed  # noqa: E402
from training.ground.events import Events  # noqa: E402
from training.ground.phases import Phases  # noqa: E402
from training.ground.run import read_request_id  # noqa: E402
from training.kinds import KINDS_VARIABLE, load_kinds  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Train what RUN_DIR asks for and give the exit code (see `training.ground.errors`)."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("run_dir", type=Path, nargs="?")
    parser.add_argument(
        "--wait", type=int, metavar="NICE", help="load the libraries, so nice, and read RUN_DIR from stdin"
    )
    parser.add_argument("--parent-pid", type=int, default=None)
    parser.add_argument("--rank", type=int, default=int(os.environ.get("RANK", "0")), help=argparse.SUPPRESS)
    parser.add_argument("--world-size", type=int, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    # Before torch is loaded: threads that wait should sleep, not spin on cores that the site needs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    die_with_parent(options.parent_pid)
    load_kinds(os.environ.get(KINDS_VARIABLE, ""))
    waits = options.wait is not None
    if waits:
        lower_priority(options.wait)
        options.run_dir = _wait_for_run_dir()
        if options.run_dir is None:
            return EXIT_DONE
    if options.run_dir is None:
        parser.error("Name a RUN_DIR.")
    log_lines.set_up_child(read_request_id(options.run_dir))
    if options.rank:
        return _follow(options.run_dir, options.rank, options.world_size)
    started = time.monotonic() if waits else _STARTED
    control = Control()
    control.catch_sigterm()
    control.catch_sigusr1()
    events = Events(_stdout_for_events_only())
    try:
        _run(options.run_dir, events, control, started, options.wait or 0)
    except Interrupted:
        return EXIT_INTERRUPTED
    except TrainingFailed as failure:
        events.error(failure.code, failure.message)
        return EXIT_FAILED
    except Exception:
        logging.getLogger("training").exception("The training stopped because of a fault in the program.")
        events.error(
            "internal_error",
            "The training stopped because of a fault in the program. Try again; if it happens again, tell the "
            "operator.",
        )
        return EXIT_FAILED
    return EXIT_DONE


def _wait_for_run_dir() -> Path | None:
    """What somebody writes to stdin once the libraries are loaded; None when it is closed instead.

    From then on what goes wrong is told in RUN_DIR/stderr.log.
    """
    from training.train import import_libraries

    import_libraries()
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        return None
    with (Path(line) / "stderr.log").open("ab") as log:
        os.dup2(log.fileno(), 2)
    return Path(line)


def _follow(folder: Path, rank: int, size: int | None) -> int:
    """Be one of several processes; the first alone speaks, and hears signals."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    from training.engine.process_group import wanted_processes
    from training.engine.together import follow
    from training.ground.run import read_config

    recipe, machine, _ = read_config(folder)
    if size is None:
        lower_priority(machine.nice)
        size = wanted_processes(recipe, machine)
    if size > 1:
        follow(folder, rank, size, Events(io.StringIO()))
    return EXIT_DONE


def _run(folder: Path, events: Events, control: Control, started: float, nice: int) -> None:
    from training.ground.run import Job, read_config
    from training.search.folds import fit_in_folds
    from training.train import import_torch_meanwhile, train

    # Before the first byte of the data, and before most threads.
    confine_training(folder)
    recipe, machine, task_name = read_config(folder)
    lower_priority(machine.nice - nice)
    control.set_deadline(machine.deadline_seconds, started)
    import_torch_meanwhile()
    phases = Phases()
    phases.add("start", time.monotonic() - started)
    train(
        Job(
            folder=folder,
            machine=machine,
            events=events,
            control=control,
            phases=phases,
            recipe=recipe,
            task_name=task_name,
        ),
        by=fit_in_folds,
    )


def _stdout_for_events_only() -> TextIO:
    """The real stdout; what anything else prints goes to stderr."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Torch's and onnxruntime's threads need no farewell, and their teardown takes half a second.
    os._exit(code)
