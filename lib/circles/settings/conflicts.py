"""Find settings that are right one by one and wrong together."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from circles.settings.parsers import is_loopback

if TYPE_CHECKING:
    from circles.settings.model import Settings

_LEAST_SECRET = 32


def find_conflicts(known: "Settings") -> Iterator[str]:
    """Yield an error for each conflict."""
    if known.store == "s3" and not (known.s3_access_key and known.s3_secret_key):
        yield "CIRCLES_STORE=s3 needs CIRCLES_S3_ACCESS_KEY and CIRCLES_S3_SECRET_KEY"
    if known.webhook_urls and not known.webhook_secret:
        yield "CIRCLES_WEBHOOK_URLS needs CIRCLES_WEBHOOK_SECRET"
    if known.trusted_header and len(known.trusted_secret) < _LEAST_SECRET:
        yield "CIRCLES_TRUSTED_HEADER needs a CIRCLES_TRUSTED_SECRET of 32 characters"
    if known.access == "open" and not is_loopback(known.host):
        yield "CIRCLES_ACCESS=open needs HOST=127.0.0.1: others would need no token"
    if _has_results_among_incoming(known.results_prefix, known.incoming_prefix):
        yield "CIRCLES_RESULTS_PREFIX and CIRCLES_INCOMING_PREFIX hold each other"


def _has_results_among_incoming(results: str, incoming: str) -> bool:
    """Return whether results would become images, or files would be among results."""
    return bool(results) and (results.startswith(incoming) or incoming.startswith(results))
