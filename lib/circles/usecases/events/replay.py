"""Send an event again that a sink has not accepted."""

from collections.abc import Sequence

from circles.domain.errors import NotFound
from circles.domain.events import Delivery
from circles.domain.services import Services
from circles.usecases.events.announce import send_soon


def replay_event(event_id: str, sink: str | None, services: Services) -> Sequence[Delivery]:
    """
    Make an event due now, and return its deliveries.

    Sending follows in the background, or by repair. An event that was laid aside is tried once:
    if that fails, it is laid aside again. Its id stays the same.

    Args:
        sink: name of the only sink to send to; None is every sink that has not accepted it.

    Raises:
        NotFound: no sink that is configured waits for this event.
        Unavailable: the catalogue is unavailable.
    """
    sinks = [name for name in services.sinks if sink in (None, name)]
    found = services.outbox.replay(
        event_id, sinks, now=services.now(), attempts=services.rules.event_max_attempts - 1
    )
    if not found:
        raise NotFound("No configured receiver waits for this event; accepted ones are not kept.")
    send_soon(services)
    return found
