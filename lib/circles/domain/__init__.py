"""What the project talks about: each noun with the port that keeps it. Standard library only."""
