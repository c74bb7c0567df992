"""Pretrained encoders for sentences: their lower layers stay as they came, the upper ones and a head learn."""
