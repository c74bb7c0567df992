"""JSON of any shape, read in bounded memory."""
