"""Encoded pictures to answers, within limits. Start reading at pipeline.py."""
