"""What polars writes."""

import polars as pl
from made_up import Expected, rows


def write(expected: Expected) -> None:
    made = rows()
    frame = pl.DataFrame(made, schema=["text", "label"], orient="row")
    for name, separator in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|")):
        for style in ("necessary", "always", "non_numeric"):
            path = expected.table(f"{name}_{style}.csv", made)
            frame.write_csv(path, separator=separator, quote_style=style)
    flat = rows(line_ends=False)
    plain = pl.DataFrame(flat, schema=["text", "label"], orient="row")
    plain.write_csv(expected.table("never_quoted.tsv", flat), separator="\t", quote_style="never")
    frame.write_csv(expected.table("bom.csv", made), include_bom=True)
    frame.write_csv(expected.table("headless.csv", made), include_header=False)
    frame.write_csv(expected.table("single_quotes.csv", made), quote_char="'")
    frame.write_json(expected.table("frame.json", made))
    frame.write_ndjson(expected.table("lines.ndjson", made))
    frame.write_parquet(expected.table("plain.parquet", made))
    kinds = frame.with_columns(pl.col("label").cast(pl.Categorical))
    kinds.write_parquet(expected.table("categorical.parquet", made))
    listed = frame.with_columns(label=pl.concat_list("label"))
    listed.write_parquet(expected.table("list_of_one.parquet", made))
    listed.write_ndjson(expected.table("list_of_one.ndjson", made))
    frame.write_ipc(expected.table("plain.arrow", made))
    frame.write_ipc_stream(expected.table("stream.arrows", made))
    frame.write_excel(expected.table("table.xlsx", made))
    frame.write_avro(expected.refused("plain.avro", "sentences", "Avro"))
    numbered = frame.with_columns(
        pl.col("label").cast(pl.Enum(["billing", "delivery", "login"])).to_physical()
    )
    numbers = [(text, str(("billing", "delivery", "login").index(label))) for text, label in made]
    numbered.write_csv(expected.table("physical_codes.csv", numbers))
    nested = frame.select(pl.struct("text", "label").alias("row"))
    nested.write_ndjson(expected.table("struct.ndjson", made))
