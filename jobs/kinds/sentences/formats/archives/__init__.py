"""Tables and texts inside of other files: zips, and what is packed alone."""
