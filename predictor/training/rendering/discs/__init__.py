"""Draw round things, one maker per kind. Start reading at makers.py."""
