"""Writes the two files of onnxruntime-web beside this program, from its package: python make.py [FILE]

FILE is a package that is here already (`npm pack onnxruntime-web@VERSION`); without it npm fetches the package. To take
another version, change VERSION and the checksum, run this, then the tests of the bundle's page in a browser.
"""

import argparse
import base64
import gzip
import hashlib
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
PARTS = {
    "ort.mjs.gz": "package/dist/ort.wasm.bundle.min.mjs",
    "ort.wasm.gz": "package/dist/ort-wasm-simd-threaded.wasm",
}
_SECONDS = 300


def make(folder: Path, package: Path) -> None:
    """Write the parts into `folder`; raises OSError, ValueError with a sentence that says what is wrong."""
    if base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() != SHA512:
        raise ValueError(f"{package.name} is not onnxruntime-web {VERSION}: its checksum is different.")
    with tarfile.open(package, mode="r:gz") as archive:
        for name, member in PARTS.items():
            file = archive.extractfile(member)
            if file is None:
                raise ValueError(f"The package has no {member}.")
            partial = folder / f".{name}.{os.getpid()}"
            partial.write_bytes(gzip.compress(file.read(), 9, mtime=0))
            os.replace(partial, folder / name)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0].partition(": ")[0] + ".")
    parser.add_argument("package", nargs="?", type=Path, help=f"{PACKAGE}; without it, npm downloads it")
    asked = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(__file__).resolve().parent, asked.package or fetch(Path(folder)))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"onnxruntime-web could not be fetched: {error}")


if __name__ == "__main__":
    main()
