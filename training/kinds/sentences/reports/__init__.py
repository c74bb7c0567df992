"""What only the report of a training needs to know of sentences."""
