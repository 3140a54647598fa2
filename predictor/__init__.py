"""A KServe-compatible predictor that finds round things. Read detector.py first; run it with python -m predictor."""
