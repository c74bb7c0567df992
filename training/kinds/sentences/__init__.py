"""Everything that only sentences need."""
