"""Catalogue, outbox and upkeep in one SQLite file."""
