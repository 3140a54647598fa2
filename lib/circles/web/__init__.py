"""HTTP in and out: routing, reading requests, answering."""
