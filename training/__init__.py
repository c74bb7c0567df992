"""Trains classifiers with PyTorch; knows nothing of Django. `python -m training RUN_DIR` runs one job."""
