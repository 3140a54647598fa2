"""What leaves the system for people and other programs: pictures, statistics, tables."""
