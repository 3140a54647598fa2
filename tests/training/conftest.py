"""Leave out tests that need PyTorch when it is missing: it belongs to .venv-training."""

from importlib.util import find_spec

collect_ignore = (
    [] if find_spec("torch") and find_spec("onnx") else ["test_patterns.py", "test_training.py"]
)
