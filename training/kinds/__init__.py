"""The kinds of tasks, a folder each."""
