"""Make the detector: a predictor that speaks KServe's protocols, or a fixed answer."""

from circles.domain.detections import Detector
from circles.settings import Settings


def make_detector(known: Settings) -> Detector:
    if known.detector == "fixed":
        from circles.adapters.fixed_detector import FixedDetector

        return FixedDetector()
    from circles.adapters.kserve.detector import KserveDetector

    return KserveDetector(
        known.predictor_url,
        known.predictor_model,
        protocol=known.predictor_protocol,
        token=known.predictor_token,
        timeout_s=known.predictor_timeout_s,
        connect_timeout_s=known.predictor_connect_timeout_s,
        max_objects=known.max_objects,
        floor=known.candidate_min_score,
        min_score=known.min_score,
        threads=known.threads,
    )
