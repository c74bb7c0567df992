"""Time and money: prices, caps, estimates, quotes, and what a job really cost."""
