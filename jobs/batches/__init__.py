"""Predictions of whole files: a zip of pictures, a table of sentences, a video; as a job with a results file."""
