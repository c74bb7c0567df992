"""The ways to a new job: its options, its lineage, the submission itself."""
