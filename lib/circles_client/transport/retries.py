"""When a request is sent again, and why it was given up in the end."""

from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

_STATUSES = (408, 429, 502, 503, 504)
_RETRY_AFTER_MAX_S = 30


def retrying(retries: int, connections: int, methods: tuple[str, ...]) -> HTTPAdapter:
    """
    Return an adapter that sends requests of these methods again.

    The pauses are 0, 1, 2, 4 … at most 15 s, or what Retry-After says, at most 30 s. A connection
    that was not made is tried again whatever the method.
    """
    policy = Retry(
        total=retries,
        backoff_factor=0.5,
        backoff_max=15,
        backoff_jitter=0.2,
        status_forcelist=_STATUSES,
        allowed_methods=methods,
        raise_on_status=False,
        retry_after_max=_RETRY_AFTER_MAX_S,
    )
    return HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=policy)


def reason(error: BaseException) -> str:
    """Return the innermost reason of a network error in a few words."""
    seen = error
    while (inner := _inner(seen)) is not None:
        seen = inner
    if isinstance(seen, OSError) and seen.strerror:
        return seen.strerror
    text = str(seen).rpartition(": ")[2].strip("()'\". ")
    return text or type(seen).__name__


def _inner(error: BaseException) -> BaseException | None:
    """Return the error that this one was raised for: requests and urllib3 nest several."""
    reason = getattr(error, "reason", None)
    nested = (reason, error.__cause__, *error.args, error.__context__)
    return next((each for each in nested if isinstance(each, BaseException)), None)
