"""Everything that only pictures need."""
