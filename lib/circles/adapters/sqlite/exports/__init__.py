"""Selections in the catalogue's SQLite file, for exports."""
