"""Which detector answers: the one place that decides it."""

from .detector import Detector


def load() -> Detector:
    """Load the detector; what it needs is imported here, so that a start pays for one and not for all."""
    from .network import NetworkDetector

    return NetworkDetector()
