"""The trained models: their bundles in storage, prediction, download and expiry."""
