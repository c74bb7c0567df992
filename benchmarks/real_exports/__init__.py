"""Files that real tools wrote, and how Flash reads them; see `benchmarks.real_exports.__main__`."""
