"""Find circles with the trained network. Start reading at detector.py."""
