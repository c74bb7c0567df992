"""The process that predicts a batch. It knows neither Django nor torch: it opens what strangers uploaded."""
