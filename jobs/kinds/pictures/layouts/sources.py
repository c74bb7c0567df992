"""Which pictures show the same thing: augmented copies, bursts, frames of a video, folders of one person or object."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from jobs.kinds.pictures.layouts.contract import Sample
from jobs.kinds.pictures.layouts.parts import is_view
from jobs.kinds.pictures.layouts.split_names import split_of
from jobs.kinds.pictures.options import NONE
from jobs.uploads.errors import shown
from jobs.uploads.findings import Notes

_CHANGE = (
    r"(?:aug(?:mented|mentation)?|h?flip(?:ped|lr|ud|_lr|_ud)?|vflip|rot(?:ate|ated|ation)?|crop(?:ped)?|nois[ey]|"
    r"blur(?:red|ry)?|bright(?:er|ness)?|dark(?:er|ened)?|contrast|zoom(?:ed)?|shift(?:ed)?|shear(?:ed)?|"
    r"mirror(?:ed)?|gray(?:scale)?|grey|scaled?|copy|kopie|copia|copie|jitter(?:ed)?|translat(?:e|ed|ion)|elastic|"
    r"hue|saturat(?:ed|ion)|equali[sz]ed|clahe|cutout|sharp(?:en|ened)?|orig(?:inal)?|transformed|distorted|"
    r"warp(?:ed)?|gauss(?:ian)?|salt|pepper)"
)
_CHANGED = re.compile(rf"(?:{_CHANGE}[\d_\-. ]*)+")
_ROBOFLOW = re.compile(r"^(?P<base>.+)_(?:jpe?g|png|bmp|webp|tiff?)\.rf\.[0-9a-z]{6,}$")
_BEHIND = re.compile(rf"^(?P<base>.+?)(?:[_\-. ]+{_CHANGE}[\d_\-. ()]*(?:deg)?)+$")
_FRONT = re.compile(rf"^(?:{_CHANGE}(?:[_\-. ]?\d+(?:deg)?)?[_\-. ]+)+(?P<base>.*\d.*)$")
_NUMBERED_COPY = re.compile(r"^(?P<base>.+?) ?\(\d{1,3}\)$")
_KERAS = re.compile(r"^(?P<base>aug\w*_\d+)_\d+$")
_BURST = re.compile(
    r"^(?P<base>.*burst\d{8,}|(?:[a-z]+_)?\d{8}_\d{6})(?:[_\-~ (]+\d{1,3}\)?|_burst\d+)(?:_cover)?$"
)
_BURST_NAMED = re.compile(r"^(?P<base>.*\d.*)_burst\d{1,3}(?:_cover)?$")
_FRAME = re.compile(r"^(?P<base>.+?)[_\-. ]*(?:frame|frm|fr)[_\-. ]*\d+$")
_WAYS = (_ROBOFLOW, _KERAS, _BURST_NAMED, _BURST, _BEHIND, _FRONT, _FRAME)
_FEWEST_FOLDERS = 5
_LONGEST = 150  # characters of a name that is looked at: matching long ones takes long


def with_sources(samples: Sequence[Sample], notes: Notes) -> list[Sample]:
    """The samples with groups: what names and folders say, where the zip did not say it otherwise.

    A group that would hold most of its class says nothing and is not kept: it could not be on one side of a split.
    """
    if any(sample.group for sample in samples):
        return list(samples)
    keys = _by_names(samples)
    how = "versions of one picture, pictures of one burst or frames of one video"
    if not keys:
        keys = _by_folders(samples)
        how = "in one subfolder, for a person or thing"
    keys = _useful(samples, keys)
    if not keys:
        return list(samples)
    groups = Counter(keys.values())
    example = next(at for at in keys)
    notes.repair(
        samples[example].entry.where,
        f"{len(keys):,} pictures come from {len(groups):,} sources by their names ({how}); those of one source, like "
        f'this one of "{shown(keys[example], 60)}", stay together when a part is set aside.',
        undo={"sources": NONE},
    )
    return [replace(sample, group=keys.get(at, "")) for at, sample in enumerate(samples)]


def is_change(word: str) -> bool:
    """Whether a word in a name tells how a picture was changed (flip, rot90), not what it shows."""
    return len(word) <= _LONGEST and _CHANGED.fullmatch(word.lower()) is not None


def _by_names(samples: Sequence[Sample]) -> dict[int, str]:
    stems = [_stem(sample) for sample in samples]
    folders = [_folder(sample) for sample in samples]
    there = set(zip(folders, stems, strict=True))
    bases: dict[int, str] = {}
    for at, stem in enumerate(stems):
        base = _base(stem)
        if base and (any(map(str.isdigit, base)) or (folders[at], base) in there):
            bases[at] = base
    changed = {(folders[at], base) for at, base in bases.items()}
    keys = {at: f"{folders[at]}/{base}" for at, base in bases.items()}
    # The same name in folders for several views.
    for at, sample in enumerate(samples):
        if at not in keys and any(is_view(part) and part != sample.label for part in sample.entry.parts[:-1]):
            keys[at] = f"{folders[at]}/{stems[at]}"
    # The picture that others were made of.
    for at, stem in enumerate(stems):
        if at not in keys and (folders[at], stem) in changed:
            keys[at] = f"{folders[at]}/{stem}"
    return keys


def _base(stem: str) -> str:
    """What is left of a name without the marks of versions; empty where there are none."""
    if len(stem) > _LONGEST:
        return ""
    found = stem
    for pattern in _WAYS:
        match = pattern.match(found)
        if match:
            found = match["base"]
    match = _NUMBERED_COPY.match(found)
    if match and any(map(str.isdigit, match["base"])):
        found = match["base"]
    return found.strip(" _-.") if found != stem else ""


def _folder(sample: Sample) -> str:
    """The folder of a picture, without those that only tell versions apart."""
    parts = sample.entry.parts[:-1]
    return "/".join(part for part in parts if part == sample.label or not is_view(part))


def _stem(sample: Sample) -> str:
    name = sample.entry.parts[-1]
    return (name.rpartition(".")[0] or name).lower()


def _by_folders(samples: Sequence[Sample]) -> dict[int, str]:
    """A folder below a class for each person, animal or thing."""
    below = {at: folder for at, sample in enumerate(samples) if (folder := _inner_folder(sample))}
    labels: dict[str, set[str]] = defaultdict(set)
    for at, folder in below.items():
        labels[folder].add(samples[at].label)
    if len(labels) < _FEWEST_FOLDERS or len(below) < 0.5 * len(samples):
        return {}
    return {
        at: folder if len(labels[folder]) > 1 else f"{samples[at].label}/{folder}"
        for at, folder in below.items()
    }


def _inner_folder(sample: Sample) -> str:
    parts = sample.entry.parts[:-1]
    if sample.label not in parts:
        return ""
    inner = parts[parts.index(sample.label) + 1 :]
    return "/".join(part for part in inner if not is_view(part) and not split_of(part))


def _useful(samples: Sequence[Sample], keys: dict[int, str]) -> dict[int, str]:
    """Groups of several pictures that leave others of their class."""
    sizes = Counter(keys.values())
    classes = Counter(sample.label for sample in samples)
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for at, key in keys.items():
        inside[key][samples[at].label] += 1
    whole = {key for key, counts in inside.items() if _is_most(counts.items(), classes)}
    return {at: key for at, key in keys.items() if sizes[key] > 1 and key not in whole}


def _is_most(counts: Iterable[tuple[str, int]], classes: Counter[str]) -> bool:
    return any(count > 0.5 * classes[label] for label, count in counts)
