"""Call a detector behind a KServe InferenceService. Only this file imports tenacity."""

import logging
import time
from typing import TYPE_CHECKING

import tenacity
from tenacity.stop import stop_base

from circles.adapters.http_client import CallFailed, HttpClient
from circles.adapters.kserve.failures import FAILURES, Failed, failure_of
from circles.adapters.kserve.predictions import read_prediction
from circles.adapters.kserve.protocols import PROTOCOLS, Message, WrongAnswer, read_json
from circles.domain.detections import Detection
from circles.domain.errors import DetectorFailed
from circles.domain.pictures import Picture
from circles.domain.waiting import remaining_s
from circles.telemetry.metrics import metrics

log = logging.getLogger("circles.detector")

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_RETRIED_FOR_S = 6.0
"""A client waits: what fails later than this after the first attempt is left to repair."""


class KserveDetector:
    """
    Detects circles within timeout_s, including retries and reading.

    Retried: a failed connection, 429, 502, 503, and once a connection reset before a response. Not
    retried: every other status, an invalid 200, and a predictor slower than the deadline.
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
        floor: float | None = None,
        min_score: float | None = None,
        token: str = "",
    ) -> None:
        """
        Create a client.

        Args:
            floor: ask for candidates down to this score; None leaves that to the predictor.
            min_score: the threshold, whatever the predictor states.
            token: sent as Authorization: Bearer, if there is one.
        """
        self._model, self._protocol_name, self._protocol = model, protocol, PROTOCOLS[protocol]
        self._url = url + self._protocol.path.format(model=model)
        self._timeout_s, self._max_objects = timeout_s, max_objects
        self._floor, self._min_score = floor, min_score
        self._credentials = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = HttpClient(threads=threads, connect_timeout_s=connect_timeout_s)

    def detect(self, picture: Picture) -> Detection:
        began = time.monotonic()
        outcome = "failed"
        try:
            detection = self._detect(picture, began)
            outcome = "detected"
            return detection
        except Failed as failed:
            outcome = failed.outcome
            raise failed.error from failed
        finally:
            metrics.predictor_asked(outcome, time.monotonic() - began)

    def _detect(self, picture: Picture, began: float) -> Detection:
        deadline = began + self._timeout_s
        parameters = {} if self._floor is None else {"min_score": self._floor}
        message = self._protocol.encode(picture, parameters)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Failed),
            stop=_HadAllAttempts() | tenacity.stop_before_delay(_retried_for_s(deadline - began)),
            wait=_wait_s,
            reraise=True,
        )
        answer = retrying(self._attempt, message, deadline)
        duration_ms = (time.monotonic() - began) * 1000
        try:
            predictions, version = self._protocol.predictions(read_json(answer))
            found = read_prediction(
                predictions, version, picture, self._max_objects, self._min_score
            )
        except WrongAnswer as error:
            words = f"The predictor's answer cannot be used: {error}."
            raise Failed("unusable", DetectorFailed(words)) from error
        log.info("model %s %s found %d in %.0f ms", self._model, found.model_version,
                 len(found.circles), duration_ms)  # fmt: skip
        return Detection(
            model=self._model,
            model_version=found.model_version,
            protocol=self._protocol_name,
            duration_ms=round(duration_ms, 1),
            circles=found.circles,
            threshold=found.threshold,
            floor=self._floor,
            candidates=found.candidates,
        )

    def _attempt(self, message: Message, deadline: float) -> bytes:
        """Post once and return the body of a 200. Raises Failed."""
        url = self._url + message.query
        try:
            headers = {**message.headers, **self._credentials, **_preferred_wait()}
            with self._client.post(url, message.body, headers, deadline=deadline) as answer:
                if answer.status != 200:
                    raise failure_of(answer)
                return answer.read(MAX_ANSWER_BYTES)
        except CallFailed as error:
            raise FAILURES[type(error)]() from error


def _preferred_wait() -> dict[str, str]:
    """Tell our predictor how long the request may still wait (RFC 7240, section 4.3)."""
    left_s = remaining_s()
    return {} if left_s is None else {"Prefer": f"wait={left_s:.0f}"}


def _retried_for_s(timeout_s: float) -> float:
    """Return for how long to retry. After a request's waits are over, repair does that."""
    left_s = remaining_s()
    return timeout_s if left_s is None else min(timeout_s, left_s)


_back_off_s = tenacity.wait_random_exponential(multiplier=0.1, max=2)


def _failed(state: tenacity.RetryCallState) -> Failed:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Failed)  # nothing else is retried
    return error


class _HadAllAttempts(stop_base):
    def __call__(self, state: tenacity.RetryCallState) -> bool:
        passed_s = state.seconds_since_start or 0.0
        return state.attempt_number >= _failed(state).max_attempts or passed_s >= _RETRIED_FOR_S


def _wait_s(state: tenacity.RetryCallState) -> float:
    return max(_failed(state).wait_s, _back_off_s(state))


if TYPE_CHECKING:
    from circles.domain.detections import Detector

    _: type[Detector] = KserveDetector
