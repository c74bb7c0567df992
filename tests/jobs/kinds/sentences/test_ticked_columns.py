"""A column for each class, with ticks or yes and no in it."""

import pytest

CLASSES = ("Delivery", "Quality", "Price")


def table(yes, no, count=30, also=lambda i: False, header="comment"):
    def row(i):
        cells = [yes if i % 3 == at or (also(i) and at == 0) else no for at in range(3)]
        return f"The parcel number {i} came," + ",".join(cells)

    return "\n".join([f"{header},{','.join(CLASSES)}", *map(row, range(count))]) + "\n"


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


@pytest.mark.parametrize(
    ("yes", "no"),
    [("x", ""), ("X", ""), ("1", ""), ("yes", ""), ("✓", ""), ("yes", "no"), ("ja", "nein"), ("Y", "N")],
)
def test_one_tick_in_each_row_is_its_label(inspect_text, yes, no):
    findings = inspect_text(table(yes, no))
    assert classes(findings) == dict.fromkeys(sorted(CLASSES), 10)
    assert any("were read as one label" in note.message for note in findings.repairs)


def test_rows_without_any_tick_have_no_label(inspect_text):
    rows = "".join(f"A letter {i},,,\n" for i in range(10))
    findings = inspect_text(table("x", "") + rows)
    assert classes(findings) == dict.fromkeys(sorted(CLASSES), 10)
    assert findings.skipped_count == 10


@pytest.mark.parametrize(("yes", "no"), [("x", ""), ("yes", "no")])
def test_several_ticks_in_a_row_are_several_labels(inspect_text, yes, no):
    assert inspect_text(table(yes, no, also=lambda i: i % 2)).target == "many_labels"


def test_a_tick_beside_a_label_is_no_class(inspect_text):
    rows = [f"The parcel {i},{('late', 'broken')[i % 2]},{'x' if i % 3 else ''}" for i in range(30)]
    findings = inspect_text("\n".join(["comment,category,gift", *rows]))
    assert classes(findings) == {"broken": 15, "late": 15}


def test_one_column_of_yes_and_no_is_a_label(inspect_text):
    rows = [f"The parcel {i},{('yes', 'no')[i % 2]}" for i in range(30)]
    assert classes(inspect_text("\n".join(["comment,urgent", *rows]))) == {"no": 15, "yes": 15}
