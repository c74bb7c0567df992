"""What spaCy and srsly write: docs with categories (as JSON and binary), and lines as Prodigy has them."""

import spacy
import srsly
from made_up import CLASSES, Expected, rows
from spacy.tokens import DocBin
from spacy.training import docs_to_json


def write(expected: Expected) -> None:
    made = rows()
    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    docs = []
    for text, label in made:
        doc = language(text)
        doc.cats = {name: float(name == label) for name in CLASSES}
        docs.append(doc)
    srsly.write_json(expected.table("docs_to_json.json", made), docs_to_json(docs))
    srsly.write_json(expected.table("doc_to_json.json", made), [doc.to_json() for doc in docs])
    srsly.write_jsonl(expected.table("doc_to_json.jsonl", made), [doc.to_json() for doc in docs])
    srsly.write_jsonl(
        expected.table("text_and_cats.jsonl", made), [{"text": doc.text, "cats": doc.cats} for doc in docs]
    )
    srsly.write_gzip_jsonl(
        expected.table("text_and_label.jsonl.gz", made),
        [{"text": text, "label": label} for text, label in made],
    )
    srsly.write_yaml(
        expected.table("lines.yaml", made, or_refused="YAML"),
        [{"text": text, "label": label} for text, label in made],
    )
    srsly.write_msgpack(expected.refused("docs.msgpack", "sentences", "MessagePack|binary|not text"), made)
    DocBin(docs=docs, store_user_data=True).to_disk(
        expected.refused("docs.spacy", "sentences", "binary|not text|spaCy|zlib")
    )
    choice = [
        {
            "text": text, "options": [{"id": name, "text": name.title()} for name in CLASSES],
            "accept": [label], "answer": "accept", "_input_hash": number, "_task_hash": -number,
        }
        for number, (text, label) in enumerate(made)
    ]  # fmt: skip
    srsly.write_jsonl(expected.table("prodigy_choice.jsonl", made), choice)
