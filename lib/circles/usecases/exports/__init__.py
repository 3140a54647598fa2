"""What leaves the system: pictures made of images, statistics, tables."""
