"""What measurements are made with: programs to start, requests, load, pictures, tables."""
