"""Models measured on labelled files: pages and the JSON API."""
