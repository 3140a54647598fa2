"""Find round things, over KServe's protocols. Start reading at detector.py."""

import os

# Set before onnxruntime is imported anywhere: since version 1.32 it keeps a database under HOME and
# reports to its makers.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
