"""What pyarrow writes beside what pandas and polars do: CSV of its own, parts in folders, ORC, types of its own."""

import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet
from made_up import CLASSES, Expected, rows


def write(expected: Expected) -> None:
    made = rows()
    table = pa.table({"text": [text for text, _ in made], "label": [label for _, label in made]})
    pyarrow.csv.write_csv(table, expected.table("write_csv.csv", made))
    options = pyarrow.csv.WriteOptions(delimiter=";", quoting_style="all_valid")
    pyarrow.csv.write_csv(table, expected.table("all_valid.csv", made), options)
    pyarrow.feather.write_feather(
        table, expected.table("version_1.feather", made, or_refused="Feather"), version=1
    )
    pyarrow.orc.write_table(table, str(expected.refused("table.orc", "sentences", "ORC")))
    encoded = table.set_column(1, "label", table["label"].dictionary_encode())
    pyarrow.parquet.write_table(encoded, expected.table("dictionary.parquet", made))
    wide = table.set_column(0, "text", table["text"].cast(pa.large_string()))
    pyarrow.parquet.write_table(wide, expected.table("large_string.parquet", made))
    seen = table.set_column(0, "text", table["text"].cast(pa.string_view()))
    pyarrow.feather.write_feather(seen, expected.table("string_view.arrow", made), compression="uncompressed")
    binary = table.set_column(0, "text", table["text"].cast(pa.binary()))
    pyarrow.parquet.write_table(
        binary, expected.table("binary_text.parquet", made, or_refused="bytes|binary")
    )
    struct = pa.table(
        {
            "row": pa.StructArray.from_arrays(
                [table["text"].combine_chunks(), table["label"].combine_chunks()], ["text", "label"]
            )
        }
    )
    pyarrow.parquet.write_table(struct, expected.table("struct.parquet", made))
    _parts(expected, made, table)


def _parts(expected, made, table) -> None:
    here = expected.folder / "work"
    hive = pyarrow.dataset.partitioning(pa.schema([("label", pa.string())]), flavor="hive")
    for form in ("parquet", "csv"):
        folder = here / f"hive_{form}"
        pyarrow.dataset.write_dataset(table, folder, format=form, partitioning=hive)
        _zip(folder, expected.table(f"hive_{form}.zip", made))
    folder = here / "directories"
    pyarrow.dataset.write_dataset(table, folder, format="parquet", partitioning=["label"])
    _zip(folder, expected.table("directories.zip", made))
    folder = here / "pieces"
    pyarrow.dataset.write_dataset(
        table, folder, format="parquet", max_rows_per_file=50, max_rows_per_group=50
    )
    _zip(folder, expected.table("pieces.zip", made))
    for number, name in enumerate(CLASSES):
        target = here / "of_class" / f"{name}.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.csv.write_csv(pa.table({"text": [t for t, n in made if n == CLASSES[number]]}), target)
    _zip(here / "of_class", expected.table("file_of_each_class.zip", made))


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
