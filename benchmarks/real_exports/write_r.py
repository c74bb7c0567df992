"""What R's own functions write, by Rscript."""

import csv
import os
import subprocess

from made_up import Expected, rows

_SCRIPT = r"""
d <- read.csv("made.csv", stringsAsFactors = FALSE, encoding = "UTF-8")
flat <- read.csv("flat.csv", stringsAsFactors = FALSE, encoding = "UTF-8")
write.csv(d, "write_csv.csv", fileEncoding = "UTF-8")
write.csv(d, "write_csv_no_names.csv", row.names = FALSE, fileEncoding = "UTF-8")
write.csv2(d, "write_csv2.csv", row.names = FALSE, fileEncoding = "UTF-8")
write.table(d, "write_table.txt", fileEncoding = "UTF-8")
write.table(d, "write_table_tab.tsv", sep = "\t", fileEncoding = "UTF-8")
write.table(d, "escaped.csv", sep = ",", qmethod = "escape", row.names = FALSE, fileEncoding = "UTF-8")
write.table(flat, "no_quotes.tsv", sep = "\t", quote = FALSE, row.names = FALSE, fileEncoding = "UTF-8")
write.csv(d, "latin1.csv", row.names = FALSE, fileEncoding = "latin1")
holes <- d
holes$label[seq(1, nrow(d), 10)] <- NA
write.csv(holes, "missing.csv", row.names = FALSE, fileEncoding = "UTF-8")
coded <- d
coded$label <- as.integer(factor(d$label))
write.csv(coded, "factor_codes.csv", row.names = FALSE, fileEncoding = "UTF-8")
saveRDS(d, "data.rds")
"""


def write(expected: Expected) -> None:
    made, flat = rows(), rows(line_ends=False)
    for name, data in (("made.csv", made), ("flat.csv", flat)):
        with (expected.folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *data])
    for name in ("write_csv.csv", "write_csv_no_names.csv", "write_csv2.csv", "write_table.txt",
                 "write_table_tab.tsv", "escaped.csv", "latin1.csv"):  # fmt: skip
        expected.table(name, made)
    expected.table("no_quotes.tsv", flat)
    expected.table("missing.csv", [row for number, row in enumerate(made) if number % 10])
    codes = {"billing": "1", "delivery": "2", "login": "3"}
    expected.table("factor_codes.csv", [(text, codes[label]) for text, label in made])
    expected.refused("data.rds", "sentences", "gzip|R data|RDS")
    subprocess.run(
        ["Rscript", "-e", _SCRIPT], cwd=expected.folder, check=True, env=os.environ | {"LC_ALL": "C.UTF-8"}
    )
