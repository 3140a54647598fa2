"""Round things, one maker per kind. Start reading at makers.py."""
