"""What repairs and tidies up at regular times: rows after deaths, files without rows."""
