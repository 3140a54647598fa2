"""What people count and measure with: runs, corrections, millimetres, batches."""
