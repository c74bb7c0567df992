"""How trainings grow with the number of rows."""
