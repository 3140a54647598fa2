"""What round things lie on. Start reading at makers.py."""
