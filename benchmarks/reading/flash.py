"""`python -m benchmarks.reading.flash WHAT FILE FOLDER`: takes FILE in as the site does, with a site in FOLDER."""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.reading.files import write_csv, write_xlsx, write_zip
from benchmarks.reading.measure import processor_seconds

_SMALL = {"csv": (write_csv, 200), "xlsx": (write_xlsx, 100), "pictures": (write_zip, 20)}
_PARTS = {"xlsx": ("check",)}


def main() -> None:
    what, file, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    _set_up(folder)
    own = Path(tempfile.mkdtemp(dir=folder))
    # Everything is imported, and what reads uploads has been started.
    write, count = _SMALL[what]
    small = own / f"small{file.suffix}"
    write(small, count)
    _taken_in(what, small, own)
    print(json.dumps(_taken_in(what, file, own)))


def _set_up(folder: Path) -> None:
    import django
    from django.core.management import call_command

    os.environ["FLASH_VAR_DIR"] = str(folder / "var")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")
    django.setup()
    done = folder / "migrated"
    if not done.exists():
        call_command("migrate", verbosity=0)
        done.touch()


def _taken_in(what: str, file: Path, folder: Path) -> dict[str, object]:
    from jobs.datasets import dataset_store
    from jobs.models import Dataset
    from training.kinds import KINDS

    name = "pictures" if what == "pictures" else "sentences"
    task = next(kind.task for kind in KINDS.values() if kind.name == name)
    scratch = Path(tempfile.mkdtemp(dir=folder))
    upload, run = scratch / "upload", scratch / "run"
    run.mkdir()
    try:
        os.link(file, upload)
    except OSError:
        shutil.copyfile(file, upload)
    times, processor = [time.perf_counter()], processor_seconds()
    dataset = dataset_store.store_file(
        task_type=task, path=upload, name=file.name, sha256="", options={}, keep_unread=False
    )
    times.append(time.perf_counter())
    parts = _PARTS.get(what, ("check", "preparation"))
    if "preparation" in parts:
        dataset_store.materialise(dataset=Dataset.objects.get(pk=dataset.pk), run_dir=run)
        times.append(time.perf_counter())
    processor = processor_seconds() - processor
    dataset_store.discard(dataset)
    return {
        "seconds": times[-1] - times[0],
        "processor": processor,
        "parts": {part: times[i + 1] - times[i] for i, part in enumerate(parts)},
    }


if __name__ == "__main__":
    main()
