"""The usual tools, as programs that tell the seconds of their work without their imports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """What people call it, and Python that takes the file, and a folder to write to, as its arguments."""

    name: str
    program: str


_CLOCK = """
import json, os, sys, time
def now():
    return time.perf_counter(), sum(os.times()[:4])
def told(start):
    print(json.dumps(dict(zip(("seconds", "processor"), (b - a for a, b in zip(start, now()))))))
"""
PEERS = {
    "csv": Peer(
        "pandas.read_csv",
        _CLOCK + "import pandas\nstart = now()\npandas.read_csv(sys.argv[1])\ntold(start)",
    ),
    "xlsx": Peer(
        "openpyxl",
        _CLOCK
        + "import openpyxl\nstart = now()\n"
        + "sheet = openpyxl.load_workbook(sys.argv[1], read_only=True).active\n"
        + "sum(1 for row in sheet.iter_rows(values_only=True))\ntold(start)",
    ),
    "pictures": Peer(
        "unzip, ImageFolder, decode",
        _CLOCK
        + """
import tempfile, zipfile
from concurrent.futures import ThreadPoolExecutor
from torchvision.datasets import ImageFolder
start = now()
folder = tempfile.mkdtemp(dir=sys.argv[2])
zipfile.ZipFile(sys.argv[1]).extractall(folder)
data = ImageFolder(folder)
with ThreadPoolExecutor(os.cpu_count()) as pool:
    sum(1 for _ in pool.map(lambda sample: data.loader(sample[0]).size, data.samples))
told(start)
""",
    ),
}
