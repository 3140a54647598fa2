"""Domain types and the ports that store them. Standard library only."""
