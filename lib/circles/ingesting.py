"""Objects that an event tells of become images."""

from collections.abc import Sequence

from circles.errors import CirclesError
from circles.notifications import Notice
from circles.ports import Services
from circles.registering import register_object


def register_objects(found: Sequence[Notice], app: Services) -> None:
    """
    Register every object, also after one that cannot be.

    Raises one of what register_object raises, if it raised anything: the one that asks the sender for most. What has
    been registered is not registered again when the event is repeated.
    """
    errors: list[CirclesError] = []
    for notice in found:
        try:
            register_object(notice.bucket, notice.key, notice.etag, notice.size_bytes, app)
        except CirclesError as error:
            errors.append(error)
    if errors:
        raise max(errors, key=lambda error: error.event_status)
