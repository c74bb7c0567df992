"""How trainings grow with the number of rows and of pictures."""
