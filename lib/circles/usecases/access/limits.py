"""Limit what a principal does in a minute."""

from circles.domain.access.quotas import DETECTIONS, UPLOADS, Quota
from circles.domain.services import Services


def upload_quota(principal: str | None, services: Services) -> Quota | None:
    """Return the quota of a principal's uploads, None without a limit. Raises as _quota does."""
    return _quota(principal, UPLOADS, services.access.uploads_per_minute, services)


def detection_quota(principal: str | None, services: Services) -> Quota | None:
    """Return the quota of the detections that a principal asks for, None without a limit."""
    return _quota(principal, DETECTIONS, services.access.detections_per_minute, services)


def _quota(principal: str | None, kind: str, limit: int | None, services: Services) -> Quota | None:
    """
    Return a quota that is not used up yet.

    The work counts itself; this only saves its beginning. Raises TooManyRequests, Unavailable.
    """
    if principal is None or limit is None:
        return None
    quota = Quota(principal, kind, limit, services.now())
    if services.tokens.count_use(quota) >= limit:
        raise quota.refuse()
    return quota
