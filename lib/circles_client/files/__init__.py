"""Files of this machine: which to send, and how to write."""
