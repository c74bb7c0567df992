"""How well the order of final losses can be told from the first epochs."""
