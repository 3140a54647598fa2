"""How good a detector is on labelled photographs: right, missed, overlap, time; with the Hough baselines."""
