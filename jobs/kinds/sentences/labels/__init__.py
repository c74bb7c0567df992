"""What the cells of a label column say: one class in all its spellings, no class at all, or several."""
