"""The tables, made and changed by migrations."""
