"""Samples in files of our own: packed when they come in, written again for a training or a download."""
