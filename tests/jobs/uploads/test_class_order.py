"""Classes in an order are told, and whoever knows better says so."""

from tests.jobs.kinds.sentences.test_columns import a_csv, kind, sentence


def test_ratings_are_in_an_order_unless_somebody_says_otherwise(inspect_text):
    data = a_csv(["text", "stars"], sentence, lambda i: i % 5 + 1)
    findings = inspect_text(data)
    assert findings.order == ["1", "2", "3", "4", "5"]
    (note,) = [note for note in findings.repairs if "in an order" in note.message]
    assert note.undo == {"order": "none"}
    assert "1 < 2 < 3 < 4 < 5" in note.message
    assert inspect_text(data, order="none").order == []
    assert inspect_text(a_csv(["text", "label"], sentence, kind)).order == []
