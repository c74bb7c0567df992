"""Exports of annotation tools: each knows its records, and says which answer counts."""
