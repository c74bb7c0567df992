"""What a training hands over, and the figures that judge it."""
