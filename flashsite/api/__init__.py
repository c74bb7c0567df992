"""The frame of the JSON API: root, problems, schema, documents, and the short way to a prediction."""
