"""Decide when an image is retried and when it is given up."""

from datetime import datetime, timedelta

from circles.domain.images import Image, Status
from circles.domain.services import Rules, Services

_LONGEST_WAIT = timedelta(hours=1)
_REFUSED_ATTEMPTS = 2
"""Refusals after which an image fails. The second attempt allows for a setting that was fixed."""


def retry_wait(attempts: int, rules: Rules) -> timedelta:
    """
    Return how long an image waits after its last attempt.

    The wait is Rules.repair_after, doubled with each further attempt and limited to an hour.
    """
    first = rules.repair_after
    return min(first * (1 << min(max(attempts - 1, 0), 20)), max(_LONGEST_WAIT, first))


def is_hopeless(image: Image, services: Services, *, tried_at: datetime | None = None) -> bool:
    """
    Return whether an image is to be given up after a failed attempt.

    That needs enough attempts and enough time before the last one, or refusals by the predictor.

    Args:
        tried_at: start of the last attempt, now if it is None.
    """
    if image.status is not Status.PENDING:
        return False
    if image.refused_attempts >= _REFUSED_ATTEMPTS:
        return True
    waited = (tried_at or services.now()) - image.created_at
    rules = services.rules
    return image.attempts >= rules.max_attempts and waited >= rules.give_up_after


def was_interrupted_too_often(image: Image, services: Services) -> bool:
    """Return whether an image is hopeless and its last attempt ended its process."""
    ended = image.claimed_until
    if ended is None or ended > services.now():
        return False  # it was released, or claimed with a clock that was ahead
    return is_hopeless(image, services, tried_at=ended - services.rules.lease)


def latest_claim(services: Services) -> datetime:
    """Return the latest end of a valid claim. A later one was set by a clock that was ahead."""
    return services.now() + 2 * services.rules.lease


def latest_due(services: Services) -> datetime:
    """Return the latest valid due date. A later one was set by a clock that was ahead."""
    rules = services.rules
    return services.now() + 2 * max(_LONGEST_WAIT, rules.repair_after, rules.lease)


def is_due(image: Image, services: Services) -> bool:
    """Return whether repair would retry a pending image now if it is not claimed."""
    due_at = image.due_at
    return due_at is None or not services.now() < due_at <= latest_due(services)
