"""Detector behind a KServe InferenceService: the only file that imports requests and tenacity."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import requests
import tenacity
from requests.adapters import HTTPAdapter

from circles import metrics
from circles.adapters.kserve_answer import read_answer
from circles.adapters.kserve_wire import PROTOCOLS, WrongAnswer, read_json
from circles.errors import DetectorFailed
from circles.images import Detection, Picture
from circles.settings import Settings

log = logging.getLogger("circles.detector")

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_MAX_ERROR_BYTES = 64 * 1024
_MAX_ATTEMPTS = 4
_TRANSIENT_STATUSES = (429, 502, 503)  # a predictor that starts or is full; prediction may be repeated


class _Failed(DetectorFailed):
    """outcome is what the metrics call it."""

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class _Transient(_Failed):
    """Worth another attempt while the deadline lasts."""

    def __init__(self, outcome: str, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(outcome, message)
        self.wait_s = retry_after_s


class KserveDetector:
    """
    One deadline for the whole call, predictor_timeout_s, retries and reading included.

    Tried again: no connection, a connection reset before an answer, 429, 502, 503. Not tried again: every other
    status, a 200 that cannot be read, and a predictor that is slower than the deadline.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._protocol = PROTOCOLS[settings.predictor_protocol]
        self._url = settings.predictor_url + self._protocol.path.format(model=settings.predictor_model)
        self._ready_url = settings.predictor_url + self._protocol.ready_path.format(model=settings.predictor_model)
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment has no business inside the cluster
        pool = HTTPAdapter(pool_maxsize=settings.threads)
        self._session.mount("http://", pool)
        self._session.mount("https://", pool)

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
        deadline = began + self._settings.predictor_timeout_s
        headers, body = self._protocol.encode(picture)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Transient),
            stop=tenacity.stop_after_attempt(_MAX_ATTEMPTS) | tenacity.stop_before_delay(deadline - began),
            wait=_wait_s,
            reraise=True,
        )
        answer = retrying(self._attempt, headers, body, deadline)
        duration_ms = (time.monotonic() - began) * 1000
        try:
            predictions, version = self._protocol.predictions(read_json(answer))
            found = read_answer(predictions, version, picture, self._settings.max_objects)
        except WrongAnswer as error:
            raise _Failed("unusable", f"The predictor's answer cannot be used: {error}.") from error
        log.info("model %s %s found %d in %.0f ms", self._settings.predictor_model, found.model_version,
                 len(found.circles), duration_ms)  # fmt: skip
        return Detection(
            model=self._settings.predictor_model,
            model_version=found.model_version,
            protocol=self._settings.predictor_protocol,
            duration_ms=round(duration_ms, 1),
            circles=found.circles,
        )

    def wake(self) -> None:
        # A GET is enough: Knative's activator holds it until a pod is ready (knative/serving cmd/activator/main.go).
        timeouts = (self._settings.predictor_connect_timeout_s, self._settings.predictor_timeout_s)
        try:
            self._session.get(self._ready_url, timeout=timeouts, stream=True, allow_redirects=False).close()
        except requests.RequestException:
            log.info("model %s cannot be woken", self._settings.predictor_model)

    def _attempt(self, headers: dict[str, str], body: bytes, deadline: float) -> bytes:
        """Post once and return the body of a 200; raise _Transient or DetectorFailed for anything else."""
        remaining_s = max(deadline - time.monotonic(), 0.001)
        timeouts = (min(self._settings.predictor_connect_timeout_s, remaining_s), remaining_s)
        try:
            with (
                self._session.post(
                    self._url, data=body, headers=headers, timeout=timeouts, stream=True, allow_redirects=False
                ) as response,
                _cut_off_at(deadline, response),
            ):
                if response.status_code != 200:
                    raise _refusal(response)
                return _read_body(response, deadline)
        except requests.RequestException as error:
            raise _fault(error, deadline) from error


@contextmanager
def _cut_off_at(deadline: float, response: requests.Response) -> Iterator[None]:
    """End a read that is still waiting then: requests' own timeout counts only the silence between two packets."""

    def end_the_read() -> None:
        with suppress(ValueError, RuntimeError, OSError):  # it has just ended by itself
            response.raw.shutdown()

    cut = threading.Timer(max(deadline - time.monotonic(), 0), end_the_read)
    cut.daemon = True
    cut.start()
    try:
        yield
    finally:
        cut.cancel()


def _fault(error: requests.RequestException, deadline: float) -> DetectorFailed:
    if isinstance(error, requests.ReadTimeout) or time.monotonic() >= deadline:
        return _Failed("timeout", "The predictor did not answer in time.")
    if isinstance(error, requests.ConnectionError):
        return _Transient("unreachable", "The predictor cannot be reached.")
    return _Failed("unusable", "The predictor's answer broke off.")


def _read_body(response: requests.Response, deadline: float) -> bytes:
    """Read to the end, within deadline and MAX_ANSWER_BYTES."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(64 * 1024):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise _Failed("unusable", "The predictor's answer is too large.")
    if time.monotonic() >= deadline:  # an answer without a length ends where it was cut off
        raise _Failed("timeout", "The predictor did not answer in time.")
    return b"".join(parts)


def _refusal(response: requests.Response) -> DetectorFailed:
    status = response.status_code
    if status in _TRANSIENT_STATUSES:
        return _Transient("refused", f"The predictor answered {status}.", _retry_after_s(response))
    log.warning("the predictor answered %d: %s", status, _words(response))
    return _Failed("refused", f"The predictor answered {status}.")


def _retry_after_s(response: requests.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0  # a date is not worth a parser: our own back-off serves


def _words(response: requests.Response) -> str:
    """The beginning of an error body of any kind, for the log only; a model server may echo a whole request."""
    try:
        begin: Any = next(response.iter_content(_MAX_ERROR_BYTES), b"")
    except requests.RequestException as error:
        return f"(its body cannot be read: {error})"
    return bytes(begin)[:300].decode("utf-8", "replace")


_back_off_s = tenacity.wait_random_exponential(multiplier=0.1, max=2)


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.wait_s if isinstance(error, _Transient) else 0.0
    return max(asked_s, _back_off_s(state))


if TYPE_CHECKING:
    from circles.ports import Detector

    _: type[Detector] = KserveDetector
