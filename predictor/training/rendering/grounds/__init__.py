"""Draw what round things lie on. Start reading at makers.py."""
