"""The files that a training leaves behind, and predicting with them. Free of torch."""
