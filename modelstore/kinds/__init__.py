"""What only one kind of task needs of predictions: a folder each, found through the registry of kinds."""
