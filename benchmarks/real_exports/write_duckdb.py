"""What DuckDB's COPY writes."""

from typing import Any

import duckdb
from made_up import Expected, rows


def write(expected: Expected) -> None:
    made, flat = rows(), rows(line_ends=False)
    base = duckdb.connect()
    base.execute("CREATE TABLE made (text VARCHAR, label VARCHAR)")
    base.executemany("INSERT INTO made VALUES (?, ?)", made)
    base.execute("CREATE TABLE flat (text VARCHAR, label VARCHAR)")
    base.executemany("INSERT INTO flat VALUES (?, ?)", flat)
    base.execute("CREATE TYPE kind AS ENUM ('billing', 'delivery', 'login')")

    def copy(
        name: str, options: str, source: str = "made", data: list[tuple[str, str]] = made, **more: Any
    ) -> None:
        base.execute(f"COPY {source} TO '{expected.table(name, data, **more)}' ({options})")

    copy("plain.csv", "FORMAT csv, HEADER")
    copy("headless.csv", "FORMAT csv, HEADER false")
    copy("semicolon.csv", "FORMAT csv, HEADER, DELIMITER ';'")
    copy("pipe.csv", "FORMAT csv, HEADER, DELIMITER '|'")
    copy("quoted.csv", "FORMAT csv, HEADER, FORCE_QUOTE *")
    copy("backslash.csv", "FORMAT csv, HEADER, ESCAPE '\\'")
    copy("apostrophes.csv", "FORMAT csv, HEADER, QUOTE '''', ESCAPE ''''")
    copy("tab.tsv", "FORMAT csv, HEADER, DELIMITER '\t'")
    copy("caret.csv", "FORMAT csv, HEADER, DELIMITER '^'", "flat", flat)
    copy("compressed.csv.gz", "FORMAT csv, HEADER, COMPRESSION gzip")
    copy("array.json", "FORMAT json, ARRAY true")
    copy("lines.json", "FORMAT json")
    copy("plain.parquet", "FORMAT parquet")
    copy("zstd.parquet", "FORMAT parquet, COMPRESSION zstd")
    copy("enum.parquet", "FORMAT parquet", "(SELECT text, label::kind AS label FROM made)")
    copy("list.parquet", "FORMAT parquet", "(SELECT text, [label] AS label FROM made)")
    copy("struct.json", "FORMAT json", "(SELECT {'text': text, 'label': label} AS item FROM made)")
    copy("decimals.parquet", "FORMAT parquet",
         "(SELECT text, (strpos('bdl', label[1]))::DECIMAL(9, 2) AS label FROM made)",
         [(text, str("bdl".index(label[0]) + 1)) for text, label in made])  # fmt: skip
    halves = "(SELECT text, label, CASE WHEN strpos(text, '7') > 0 THEN 'test' ELSE 'train' END AS split FROM made)"
    tested = sum("7" in text for text, _ in made)
    copy(
        "split_column.csv", "FORMAT csv, HEADER", halves, splits={"train": len(made) - tested, "test": tested}
    )
    copy("null_words.csv", "FORMAT csv, HEADER, NULLSTR 'NULL'",
         "(SELECT text, CASE WHEN strpos(text, '9') > 0 THEN NULL ELSE label END AS label FROM made)",
         [row for row in made if "9" not in row[0]])  # fmt: skip
