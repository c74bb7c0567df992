"""What LibreOffice makes of a table when it saves it in its other formats."""

import csv
import subprocess

from made_up import Expected, rows

# 44 comma, 9 tab, 59 semicolon; 34 double quote; 76 UTF-8, 1 Windows-1252; false/true: quote all text.
_TEXT = {
    "comma.csv": "44,34,76,1,,0,false,true,false",
    "quoted.csv": "44,34,76,1,,0,true,true,false",
    "semicolon.csv": "59,34,76,1,,0,false,true,false",
    "tab.csv": "9,34,76,1,,0,false,true,false",
    "windows.csv": "44,34,1,1,,0,false,true,false",
    "utf16.csv": "44,34,65535,1,,0,false,true,false",
}


def write(expected: Expected) -> None:
    made = rows()
    source = expected.folder / "source.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *made])
    for form in ("xlsx", "ods", "xls", "fods"):
        more = {"or_refused": "flat|XML"} if form == "fods" else {}
        _convert(source, expected.table(f"saved.{form}", made, **more), form)
    for name, options in _TEXT.items():
        _convert(source, expected.table(name, made), f"csv:Text - txt - csv (StarCalc):{options}")
    _convert(source, expected.refused("saved.html", "sentences", "HTML|web page"), "html")
    _convert(source, expected.refused("saved.pdf", "sentences", "PDF"), "pdf")


def _convert(source, target, form: str) -> None:
    out = target.parent / "converted"
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{target.parent}/profile", "--infilter=CSV:44,34,76,1",
         "--convert-to", form, "--outdir", str(out), str(source)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    (made,) = out.iterdir()
    made.rename(target)
