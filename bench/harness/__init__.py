"""Tools of the measurements: programs to start, requests, load, pictures, tables."""
