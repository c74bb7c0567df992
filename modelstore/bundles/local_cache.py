"""The files that predictions need, on this machine's disk: checked, complete, and not more than fits."""

import hashlib
import json
import os
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from modelstore.bundles import stored_files
from modelstore.ground import files
from modelstore.models import TrainedModel
from training.bundle.manifest import (
    MANIFEST_FILE,
    ONNX_FILE,
    SERVING_COPY_FILE,
    BundleDamaged,
    shared_range,
    verify_file,
)

# The disk holds this many times what the memory holds.
_DISK_PER_MEMORY = 8
_STALE_SECONDS = 3600


def serving_names(manifest: dict[str, Any]) -> list[str]:
    """The files of a bundle that prediction needs: model.json, its graphs, and what its preprocessing names."""
    return sorted({MANIFEST_FILE, *_opened(manifest)})


def serving_bytes(manifest: dict[str, Any]) -> int:
    """Their size, without model.json."""
    return sum(int(manifest["files"][name]["bytes"]) for name in _opened(manifest) - {MANIFEST_FILE})


def _opened(manifest: dict[str, Any]) -> set[str]:
    """What prediction opens of the files that model.json lists; nothing else is fetched, whatever else is there."""
    named = {value for value in manifest["preprocess"].values() if isinstance(value, str)}
    return {ONNX_FILE, SERVING_COPY_FILE, *named} & set(manifest["files"])


def folder_of(model: TrainedModel) -> Path:
    """A local folder with the serving files of `model`, each of them checked against its published SHA-256.

    Raises BundleDamaged (a file is missing or not the published one), StorageUnavailable, StorageFull (507).
    """
    stored = files.local_path(model.storage_prefix)
    if stored is not None and not is_copied(model):
        _check(stored, model.manifest)
        return stored
    cached = _cached(model.storage_prefix)
    try:
        _check(cached, model.manifest)
    except BundleDamaged:
        forget(model.storage_prefix)
        _make_copy(model, cached)
    with suppress(FileNotFoundError):
        os.utime(cached)
    return cached


def is_copied(model: TrainedModel) -> bool:
    """Whether predictions need a copy of its files: they lie elsewhere, or one of them is stored in two parts."""
    facts = model.manifest["files"]
    return files.local_path(model.storage_prefix) is None or any(
        shared_range(facts[name]) for name in _opened(model.manifest) - {MANIFEST_FILE}
    )


def forget(prefix: str) -> None:
    """Drops this machine's copy of a bundle, if there is one."""
    _remove(_cached(prefix))


def _root() -> Path:
    return Path(settings.FLASH_CACHE_DIR) / "models"


def _cached(prefix: str) -> Path:
    return _root() / hashlib.sha256(prefix.encode()).hexdigest()[:32]


def check_manifest(content: bytes, manifest: dict[str, Any]) -> None:
    """model.json holds the checksums of the others; it must equal the row's copy, else BundleDamaged."""
    try:
        same = json.loads(content) == manifest
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise BundleDamaged(f"{MANIFEST_FILE} has been changed since it was written")


def _check(folder: Path, manifest: dict[str, Any]) -> None:
    for name in serving_names(manifest):
        if name != MANIFEST_FILE:
            verify_file(folder / name, manifest["files"][name])
            continue
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise BundleDamaged(f"{MANIFEST_FILE} is missing or cannot be read") from error
        check_manifest(content, manifest)


def _make_copy(model: TrainedModel, cached: Path) -> None:
    """Where the disk has no room, other copies give way."""
    for allowed in (local_cache_bytes(), 0):
        try:
            _fetch(model, cached, allowed)
            return
        except OSError as error:
            if not files.is_disk_full(error):
                raise
    raise files.StorageFull("The server's disk is full, so this model cannot be loaded. Try again later.")


def _fetch(model: TrainedModel, cached: Path, allowed: int) -> None:
    """Fetches into a folder of its own, checks, and renames: another process sees all of it or nothing."""
    _make_room(allowed - serving_bytes(model.manifest))
    partial = cached.with_name(f".{uuid.uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        for name in serving_names(model.manifest):
            facts = model.manifest["files"].get(name, {})
            _fetch_file(f"{model.storage_prefix}/{name}", facts, partial / name)
        _check(partial, model.manifest)
        # Somebody else may have been faster; theirs is as good, for it was checked too.
        with suppress(OSError):
            partial.rename(cached)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fetch_file(key: str, facts: stored_files.Facts, destination: Path) -> None:
    try:
        stored_files.fetch(key, facts, destination)
    except FileNotFoundError as error:
        raise BundleDamaged(f"{destination.name}, or what it shares with other models, is missing") from error


def local_cache_bytes() -> int:
    """How much disk the copies may take."""
    return int(settings.FLASH_MODEL_CACHE_BYTES) * _DISK_PER_MEMORY


def _make_room(allowed: int) -> None:
    """Removes what killed processes left, and the copies longest unused until the rest fits."""
    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    copies: list[tuple[float, Path, int]] = []
    for folder in root.iterdir():
        with suppress(FileNotFoundError):
            used = folder.stat().st_mtime
            if folder.name.startswith("."):
                if used < time.time() - _STALE_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            copies.append((used, folder, sum(entry.stat().st_size for entry in folder.iterdir())))
    total = sum(size for _, _, size in copies)
    for _, folder, size in sorted(copies):
        if total <= allowed:
            return
        _remove(folder)
        total -= size


def _remove(folder: Path) -> None:
    """Renames before deleting: nobody finds half a copy."""
    grave = folder.with_name(f".{uuid.uuid4().hex}")
    with suppress(OSError):
        folder.rename(grave)
        shutil.rmtree(grave, ignore_errors=True)
