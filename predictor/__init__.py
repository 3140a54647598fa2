"""A KServe-compatible predictor that finds round things. Read detector.py first; run it with python -m predictor."""

import os

# Before onnxruntime is imported anywhere: since 1.32 it keeps a database under HOME and reports to its makers.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
