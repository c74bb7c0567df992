"""Contents of zips for the tests of layouts."""

from tests.jobs.uploads.builders import picture, pictures


def under(prefix, files):
    return {f"{prefix}/{name}": data for name, data in files.items()}


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def kinds(*names, count=3, start=0):
    """`count` pictures in a folder for each name."""
    files = {}
    for name in names:
        files |= pictures(name, count, start)
    return files


def loose(count, folder="", suffix="jpg", start=0):
    """Numbered pictures side by side."""
    prefix = f"{folder}/" if folder else ""
    return {f"{prefix}{start + i:03}.{suffix}": picture(start + i + 7_000) for i in range(count)}


def said(findings):
    """All notes as one text."""
    notes = (*findings.repairs, *findings.skipped, *findings.warnings)
    return " ".join(map(str, notes))
