"""Turn encoded pictures into answers, within limits. Start reading at pipeline.py."""
