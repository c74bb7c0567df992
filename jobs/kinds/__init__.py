"""What only one kind of task needs of uploads and batches: a folder each, found through the registry of kinds."""
