"""
Measure a detector on labelled photographs.

Figures are right, missed, overlap and time, with the Hough baselines.
"""
