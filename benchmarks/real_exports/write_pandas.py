"""What pandas writes: delimited, JSON in every orient, Parquet, Feather, spreadsheets, dummies."""

import gzip
import itertools
import zipfile

import pandas as pd
from made_up import Expected, rows


def write(expected: Expected) -> None:
    made = rows()
    frame = pd.DataFrame(made, columns=["text", "label"])
    _delimited(expected, made, frame)
    _values(expected, made, frame)
    _json(expected, made, frame)
    _binary(expected, made, frame)
    _dummies(expected, made, frame)


def _delimited(expected, made, frame) -> None:
    kinds = itertools.product((",", ";", "\t", "|"), (True, False), (0, 1, 2))
    for number, (separator, index, quoting) in enumerate(kinds):
        path = expected.table(f"to_csv_{number:02}.csv", made)
        frame.to_csv(path, sep=separator, index=index, quoting=quoting)
    for encoding in ("utf-8-sig", "utf-16", "cp1252", "utf-32"):
        frame.to_csv(expected.table(f"to_csv_{encoding}.csv", made), encoding=encoding, index=False)
    for end, name in (("\r\n", "crlf"), ("\r", "cr")):
        flat = rows(line_ends=False)
        path = expected.table(f"to_csv_{name}.csv", flat)
        pd.DataFrame(flat, columns=["text", "label"]).to_csv(path, index=False, lineterminator=end)
    frame.to_csv(
        expected.table("escape.csv", made), index=False, quoting=0, doublequote=False, escapechar="\\"
    )
    flat = rows(line_ends=False)
    pd.DataFrame(flat).to_csv(
        expected.table("no_quotes.tsv", flat), sep="\t", index=False, header=False, quoting=3, escapechar="\\"
    )
    frame.to_csv(expected.table("no_header.csv", made), index=False, header=False)
    frame.to_csv(expected.table("gzipped.csv.gz", made), index=False)
    frame.to_csv(expected.table("zipped.zip", made), index=False, compression={"method": "zip"})
    shuffled = frame.assign(id=range(len(frame)), date="2026-05-04", source="web")[
        ["id", "date", "source", "label", "text"]
    ]
    shuffled.to_csv(expected.table("more_columns.csv", made), index=False)
    renamed = frame.rename(columns={"text": "customerMessage", "label": "ticketCategory"})
    renamed.to_csv(expected.table("camel_case.csv", made), index=False)


def _values(expected, made, frame) -> None:
    holes = frame.copy()
    holes.loc[::10, "label"] = None
    left = [row for number, row in enumerate(made) if number % 10]
    for number, word in enumerate(("", "NaN", "NULL", "N/A", "\\N", "None")):
        holes.to_csv(expected.table(f"missing_{number}.csv", left), index=False, na_rep=word)
    codes = {"billing": 1, "delivery": 2, "login": 3}
    numbers = [(text, str(codes[label])) for text, label in made]
    coded = frame.assign(label=frame["label"].map(codes))
    coded.to_csv(expected.table("codes.csv", numbers), index=False)
    floats = coded.copy()
    floats.loc[::10, "label"] = None
    kept = [row for number, row in enumerate(numbers) if number % 10]
    floats.to_csv(expected.table("float_codes.csv", kept), index=False)
    floats.to_parquet(expected.table("float_codes.parquet", kept), index=False)
    for number, (yes, no) in enumerate((("True", "False"), ("TRUE", "FALSE"), ("yes", "no"))):
        flags = [(text, yes if label == "billing" else no) for text, label in made]
        pd.DataFrame(flags, columns=["text", "is_billing"]).to_csv(
            expected.table(f"flags_{number}.csv", flags), index=False
        )
    flags = [(text, str(label == "billing")) for text, label in made]
    frame.assign(label=frame["label"] == "billing").to_csv(expected.table("booleans.csv", flags), index=False)
    listed = frame.assign(label=[[label] for label in frame["label"]])
    listed.to_csv(expected.table("list_of_one.csv", made), index=False)
    listed.to_json(expected.table("list_of_one.jsonl", made), orient="records", lines=True)


def _json(expected, made, frame) -> None:
    for orient in ("columns", "records", "index", "split", "table"):
        frame.to_json(expected.table(f"to_json_{orient}.json", made), orient=orient)
    frame.to_json(expected.table("values.json", made), orient="values")
    frame.to_json(expected.table("lines.jsonl", made), orient="records", lines=True)
    frame.to_json(expected.table("lines_plain.json", made), orient="records", lines=True, force_ascii=False)
    frame.to_json(expected.table("indented.json", made), orient="records", indent=2)
    with gzip.open(expected.table("lines.jsonl.gz", made), "wt", encoding="utf-8") as file:
        frame.to_json(file, orient="records", lines=True)


def _binary(expected, made, frame) -> None:
    frame.to_parquet(expected.table("plain.parquet", made))
    frame.assign(label=frame["label"].astype("category")).to_parquet(expected.table("category.parquet", made))
    frame.set_index("label").to_parquet(expected.table("label_is_index.parquet", made))
    for method in ("gzip", "zstd", "none"):
        frame.to_parquet(
            expected.table(f"compressed_{method}.parquet", made),
            compression=None if method == "none" else method,
        )
    frame.to_feather(expected.table("plain.feather", made))
    frame.to_excel(expected.table("plain.xlsx", made), index=False)
    frame.to_excel(expected.table("with_index.xlsx", made))
    frame.to_excel(expected.table("openpyxl_rows_above.xlsx", made), index=False, startrow=3)
    frame.to_excel(expected.table("plain.ods", made), index=False, engine="odf")
    with zipfile.ZipFile(expected.table("parquet_in_zip.zip", made), "w") as archive:
        archive.writestr("data.parquet", frame.to_parquet())
    frame.to_pickle(expected.refused("pickled.pkl", "sentences", "pickle"))
    frame.to_html(expected.refused("page.html", "sentences", "HTML"))
    frame.to_stata(expected.refused("stata.dta", "sentences", "Stata"), write_index=False)


def _dummies(expected, made, frame) -> None:
    ones = pd.concat([frame[["text"]], pd.get_dummies(frame["label"], dtype=int)], axis=1)
    ones.to_csv(expected.table("get_dummies.csv", made), index=False)
    flags = pd.concat([frame[["text"]], pd.get_dummies(frame["label"], prefix="label")], axis=1)
    flags.to_csv(expected.table("get_dummies_flags.csv", made), index=False)
    several = ones.copy()
    several.loc[::3, "login"] = 1
    names = [name for name in several.columns if name != "text"]
    sets = [[name for name in names if row[name]] for row in several.to_dict("records")]
    several.to_csv(expected.sets("several_ones.csv", sets), index=False)
    joined = frame.assign(label=["|".join(sorted({label, "login"})) for label in frame["label"]])
    joined.to_csv(expected.sets("several_joined.csv", joined["label"].str.split("|")), index=False)
