"""Which columns of a table mean what."""
