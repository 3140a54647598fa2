"""Call a detector behind a KServe InferenceService. Only this file imports tenacity."""

import logging
import time
from typing import TYPE_CHECKING

import tenacity

from circles.adapters.http_client import (
    BrokenOff,
    CallFailed,
    HttpClient,
    NotReached,
    Response,
    TooMuch,
    TooSlow,
)
from circles.adapters.kserve.predictions import read_prediction
from circles.adapters.kserve.protocols import PROTOCOLS, WrongAnswer, read_json
from circles.domain.detections import Detection
from circles.domain.errors import DetectorFailed
from circles.domain.pictures import Picture
from circles.telemetry.metrics import metrics

log = logging.getLogger("circles.detector")

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_MAX_ATTEMPTS = 4
# the predictor is starting or full; a prediction is safe to retry
_TRANSIENT_STATUSES = (429, 502, 503)


class _Failed(DetectorFailed):
    """A failed call. outcome is its label in the metrics."""

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class _Transient(_Failed):
    """A failed call to retry before the deadline."""

    def __init__(self, outcome: str, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(outcome, message)
        self.wait_s = retry_after_s


class KserveDetector:
    """
    Detects circles within timeout_s, including retries and reading.

    Retried: a failed connection, a connection reset before a response, 429, 502, 503. Not retried:
    every other status, an invalid 200, and a predictor slower than the deadline.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        protocol: str,
        timeout_s: float,
        connect_timeout_s: float,
        max_objects: int,
        threads: int,
    ) -> None:
        self._model, self._protocol_name, self._protocol = model, protocol, PROTOCOLS[protocol]
        self._url = url + self._protocol.path.format(model=model)
        self._timeout_s, self._max_objects = timeout_s, max_objects
        self._client = HttpClient(threads=threads, connect_timeout_s=connect_timeout_s)

    def detect(self, picture: Picture) -> Detection:
        began = time.monotonic()
        outcome = "failed"
        try:
            detection = self._detect(picture, began)
            outcome = "detected"
            return detection
        except _Failed as error:
            outcome = error.outcome
            raise
        finally:
            metrics.predictor_asked(outcome, time.monotonic() - began)

    def _detect(self, picture: Picture, began: float) -> Detection:
        deadline = began + self._timeout_s
        headers, body = self._protocol.encode(picture)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Transient),
            stop=tenacity.stop_after_attempt(_MAX_ATTEMPTS)
            | tenacity.stop_before_delay(deadline - began),
            wait=_wait_s,
            reraise=True,
        )
        answer = retrying(self._attempt, headers, body, deadline)
        duration_ms = (time.monotonic() - began) * 1000
        try:
            predictions, version = self._protocol.predictions(read_json(answer))
            found = read_prediction(predictions, version, picture, self._max_objects)
        except WrongAnswer as error:
            raise _Failed("unusable", f"The predictor's answer cannot be used: {error}.") from error
        log.info("model %s %s found %d in %.0f ms", self._model, found.model_version,
                 len(found.circles), duration_ms)  # fmt: skip
        return Detection(
            model=self._model,
            model_version=found.model_version,
            protocol=self._protocol_name,
            duration_ms=round(duration_ms, 1),
            circles=found.circles,
        )

    def _attempt(self, headers: dict[str, str], body: bytes, deadline: float) -> bytes:
        """Post once and return the body of a 200. Raises _Transient, DetectorFailed."""
        try:
            with self._client.post(self._url, body, headers, deadline=deadline) as answer:
                if answer.status != 200:
                    raise _refusal(answer)
                return answer.read(MAX_ANSWER_BYTES)
        except NotReached as error:
            raise _Transient("unreachable", "The predictor cannot be reached.") from error
        except CallFailed as error:
            raise _Failed(*_FAULTS[type(error)]) from error


_FAULTS: dict[type[CallFailed], tuple[str, str]] = {
    TooSlow: ("timeout", "The predictor did not answer in time."),
    BrokenOff: ("unusable", "The predictor's answer broke off."),
    TooMuch: ("unusable", "The predictor's answer is too large."),
}


def _refusal(answer: Response) -> DetectorFailed:
    status = answer.status
    if status in _TRANSIENT_STATUSES:
        return _Transient("refused", f"The predictor answered {status}.", _retry_after_s(answer))
    log.warning("the predictor answered %d: %s", status, answer.words())
    return _Failed("refused", f"The predictor answered {status}.")


def _retry_after_s(answer: Response) -> float:
    text = answer.headers.get("Retry-After", "")
    # a date is not parsed: the exponential back-off is enough
    return float(text) if text.isdecimal() else 0.0


_back_off_s = tenacity.wait_random_exponential(multiplier=0.1, max=2)


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.wait_s if isinstance(error, _Transient) else 0.0
    return max(asked_s, _back_off_s(state))


if TYPE_CHECKING:
    from circles.domain.detections import Detector

    _: type[Detector] = KserveDetector
