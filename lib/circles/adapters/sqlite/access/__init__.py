"""Tokens and sessions in the catalogue's SQLite file."""
