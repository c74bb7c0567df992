"""How long a pretrained encoder takes to learn and to read, and how well it learns, beside the usual libraries."""
