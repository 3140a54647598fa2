"""
Train the detector's weights.

Start reading at plan.py; run it with python -m predictor.training.
"""
