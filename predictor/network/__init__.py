"""The trained detector. Start reading at detector.py."""
