"""How long files take to be checked and prepared for training, beside the usual tools."""
