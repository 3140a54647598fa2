"""Rows that repair reads and writes."""
