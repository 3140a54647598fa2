"""Add up a selection of images."""

from circles.domain.counting.batches import Batch
from circles.domain.errors import NotPossible
from circles.domain.exports.statistics import By, Measure, Summary, Totals
from circles.domain.images import ImageFilter
from circles.domain.services import Services

MAX_GROUPS = 1000


def add_up(wanted: ImageFilter, measure: Measure, by: By | None, services: Services) -> Totals:
    """
    Add up the images that match, and their groups.

    Raises:
        NotPossible: there are more than MAX_GROUPS groups.
        Unavailable: the catalogue is unavailable.
    """
    whole, groups = Summary(measure), dict[str | None, Summary]()
    in_mm = measure is Measure.DIAMETER
    for row in services.statistics.rows(wanted, by, scales=in_mm):
        whole.add(row)
        if by is None:
            continue
        if row.group not in groups:
            if len(groups) == MAX_GROUPS:
                raise NotPossible(f"There are more than {MAX_GROUPS:,} groups; select less.")
            groups[row.group] = Summary(measure)
        groups[row.group].add(row)
    return Totals(whole, groups)


def add_up_batch(name: str, measure: Measure, services: Services) -> tuple[Batch, Summary]:
    """Return a batch with the sum of its images. Raises NotFound, Unavailable."""
    batch = services.batches.get(name)
    return batch, add_up(ImageFilter(batch=name), measure, None, services).whole
