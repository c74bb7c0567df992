"""Whether the interval that a model shows holds what it reaches on data that it never saw."""
