"""What all of training stands on: configuration, limits, events, control, samples. Free of torch."""
