"""What others are told."""

from circles.ports import Services


def dispatch_outbox(app: Services) -> int:
    """
    Send the events that are due to every sink, and return how many were taken.

    At least once, per image in order; one process at a time sends to one sink. Raises Unavailable where the catalogue
    is away; a sink's faults are noted and put off.
    """
    raise NotImplementedError
