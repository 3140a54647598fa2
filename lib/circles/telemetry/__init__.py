"""Count, trace and log."""
