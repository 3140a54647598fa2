"""One module or folder for each format: read the header, tell the costs, decode."""
