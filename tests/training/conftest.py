"""Tests that need PyTorch are left out where it is missing: it belongs to .venv-training, not to the tests' .venv."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") and find_spec("onnx") else ["test_patterns.py", "test_training.py"]
