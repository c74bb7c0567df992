"""What the columns of a table beside pictures mean: file names, label, split, group."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.kinds.pictures.layouts.picture_index import PictureIndex
from jobs.kinds.pictures.layouts.split_names import is_plain_split, split_of, words_of
from jobs.kinds.pictures.layouts.table_files import Cell, PictureTable

# From the surest name of a label on.
_LABEL_NAMES = (
    "label", "labels", "class", "classes", "class name", "classname", "label name", "labelname", "category",
    "category name", "categories", "target", "targets", "tag", "tags", "dx", "diagnosis", "diagnoses",
    "species", "breed", "choice", "answer", "finding", "findings", "finding labels", "disease", "condition",
    "class id", "classid", "label id", "category id", "class index", "class label", "image label", "y",
    "true label", "ground truth", "annotation", "result", "kind", "genre", "variety", "emotion", "expression",
    "type", "grade", "level", "style", "digit", "character", "landmark id", "article type", "klasse",
    "kategorie", "etiqueta", "clase", "categoria", "categoría", "classe", "catégorie", "étiquette", "etichetta",
    "etykieta", "kategoria", "klass", "luokka", "klasa", "třída", "kategori", "etiket", "sınıf", "nhãn", "kelas",
    "метка", "класс", "категория", "κατηγορία", "الفئة", "קטגוריה", "标签", "类别", "分类", "ラベル", "分類",
    "분류", "라벨",
)  # fmt: skip
_GROUP_NAMES = {
    "group", "group id", "patient", "patient id", "patientid", "lesion id", "subject", "subject id", "person",
    "person id", "source", "source id", "video", "video id", "scene", "scene id", "session", "session id",
    "individual", "individual id", "plant id", "animal id", "case id", "study id", "participant",
    "participant id", "burst", "burst id", "seq id", "writer id",
}  # fmt: skip
_SPLIT_NAMES = {
    "split",
    "splits",
    "subset",
    "set",
    "partition",
    "usage",
    "data set",
    "dataset",
    "part",
    "fold",
    "phase",
}
_BOX_NAMES = {
    "xmin", "ymin", "xmax", "ymax", "x min", "y min", "bbox", "bbox x", "bbox y", "x1",
    "y1", "left", "top", "bbox left", "encodedpixels", "encoded pixels", "segmentation", "rle", "polygon",
    "points", "predictionstring",
}  # fmt: skip
_MISSING = {"", "nan", "null", "none", "na", "n/a", "\\n", "<na>", "nat", "-"}
_FLAGS = ({"0", "1"}, {"-1", "1"}, {"0.0", "1.0"}, {"true", "false"}, {"0.0", "1.0", "-1.0"}, {"yes", "no"})
_TICKS = {"x", "✓", "✔", "☑", "✅", "*", "•", "ja", "oui", "si", "sí", "да"}
_SET = {"1", "1.0", "true", "yes", *_TICKS}
_SEEN = 2_000
_FEW_NUMBERS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Roles:
    """Places of columns. Either `label` is one, or `flags` are columns of 0 and 1, one for each class.

    `open` are the columns that could hold the label as well. `boxes` says that the table outlines things.
    """

    file: int
    label: int | None = None
    flags: tuple[int, ...] = ()
    split: int | None = None
    group: int | None = None
    open: tuple[int, ...] = ()
    boxes: bool = False


def file_column(table: PictureTable, index: PictureIndex, split: str) -> int | None:
    """The column whose cells are names of pictures, None where there is none."""
    step = max(1, len(table.rows) // _SEEN)
    sample = table.rows[::step]
    folder = table.entry.parts[:-1]
    best, most = None, 0
    for at in range(len(table.columns)):
        names = {cell for row in sample if isinstance(cell := row[at], str) and cell}
        found = len({place for name in names if (place := index.find(name, folder, split)) is not None})
        if found > most and found >= min(0.5 * len(names), 0.5 * len(index.pictures)) and found > 1:
            best, most = at, found
    return best


def roles_of(table: PictureTable, file: int, chosen: str | None) -> Roles:
    """The meaning of all columns, by names and by what is in them; `chosen` is the label column that a user named."""
    names = [" ".join(words_of(name)) for name in table.columns]
    others = [at for at in range(len(names)) if at != file]
    values = {at: _values(table.rows, at) for at in others}
    split = _split_column(names, values)
    boxes = any(names[at] in _BOX_NAMES for at in others)
    group = next((at for at in others if names[at] in _GROUP_NAMES and _repeats(values[at])), None)
    rest = [at for at in others if at not in (split, group)]
    flags = tuple(at for at in rest if _is_flag(values[at], len(table.rows)))
    label, unsure = _label_column(names, values, rest, len(table.rows), table.has_header)
    known = label is not None and names[label] in _LABEL_NAMES
    if chosen is not None and chosen in table.columns:
        label, unsure, flags = table.columns.index(chosen), (), ()
    elif len(flags) > 1 and not known and (label is None or label in flags or _is_one_hot(table.rows, flags)):
        label, unsure = None, ()
    else:
        flags = ()
    return Roles(file=file, label=label, flags=flags, split=split, group=group, open=unsure, boxes=boxes)


def is_missing(cell: Cell) -> bool:
    """Whether a cell says that there is no value."""
    return isinstance(cell, str) and cell.lower() in _MISSING


def is_set(cell: Cell) -> bool:
    """Whether a cell of a 0/1 column says yes."""
    return isinstance(cell, str) and cell.lower() in _SET


def _values(rows: Sequence[Sequence[Cell]], at: int) -> Counter[Cell]:
    return Counter(row[at] for row in rows if not is_missing(row[at]))


def _split_column(names: list[str], values: dict[int, Counter[Cell]]) -> int | None:
    for at, found in values.items():
        if not found or not all(isinstance(value, str) and split_of(value) for value in found):
            continue
        plain = len(found) > 1 and all(is_plain_split(str(value)) for value in found)
        if plain or names[at] in _SPLIT_NAMES:
            return at
    return None


def _repeats(values: Counter[Cell]) -> bool:
    return len(values) > 1 and values.total() > len(values)


def _is_one_hot(rows: Sequence[Sequence[Cell]], flags: Sequence[int]) -> bool:
    seen = rows[:_SEEN]
    return sum(sum(is_set(row[at]) for at in flags) == 1 for row in seen) >= 0.95 * len(seen)


def _is_flag(values: Counter[Cell], rows: int) -> bool:
    found = {value.lower() for value in values if isinstance(value, str)}
    if len(found) == 1 and found <= _TICKS and values.total() < rows:
        return True
    return len(found) == len(values) and bool(found) and any(found <= flags for flags in _FLAGS)


def _label_column(
    names: list[str], values: dict[int, Counter[Cell]], rest: Sequence[int], rows: int, named: bool
) -> tuple[int | None, tuple[int, ...]]:
    """The column of labels, and those that could be it as well."""
    fit = [at for at in rest if _may_be_label(values[at], rows, names[at])]
    if not named:
        # A list of what shows one class (1) and what does not (-1) tells no classes itself.
        fit = [at for at in fit if not _is_membership(values[at])]
    known = sorted(
        (at for at in fit if names[at] in _LABEL_NAMES),
        key=lambda at: (_is_code(values[at]), _LABEL_NAMES.index(names[at])),
    )
    if known:
        return known[0], ()
    ending = [at for at in fit if names[at].split()[-1:] and names[at].split()[-1] in _LABEL_NAMES[:12]]
    if len(ending) == 1:
        return ending[0], ()
    if len(rest) == 1 and fit:
        return fit[0], ()
    words = [at for at in fit if not _is_code(values[at])]
    if not named and fit:
        # Without a header, a path and many numbers are measures or boxes, not labels.
        numbers = len(fit) - len(words)
        return (words[0], ()) if words else ((fit[0], ()) if numbers == 1 and len(rest) == 1 else (None, ()))
    if len(words) == 1:
        return words[0], tuple(at for at in fit if at != words[0])
    likely = words or fit
    return (likely[0] if likely else None), tuple(likely[1:])


def _is_membership(values: Counter[Cell]) -> bool:
    return "-1" in values and sum(values[said] for said in ("-1", "0", "1")) >= 0.9 * values.total()


def _may_be_label(values: Counter[Cell], rows: int, name: str) -> bool:
    """More than one value, and each of them on several pictures; no measures, unless a few in a column of labels."""
    if len(values) < 2 or len(values) > max(2, 0.6 * values.total()) or values.total() < 0.2 * rows:
        return False
    if name in _LABEL_NAMES[:6] and len(values) <= _FEW_NUMBERS:
        return True
    return not any(isinstance(value, str) and _is_measure(value) for value in list(values)[:50])


def _is_measure(value: str) -> bool:
    whole, _, rest = value.partition(".")
    return bool(rest) and whole.lstrip("-").isdigit() and rest.isdigit() and rest.strip("0") != ""


def _is_code(values: Counter[Cell]) -> bool:
    return all(isinstance(value, str) and value.removesuffix(".0").lstrip("-").isdigit() for value in values)
