"""Read what statistics a client asks for, and answer with them."""

from typing import NamedTuple

from flask import Request, Response

from circles.domain.counting.batches import Batch
from circles.domain.exports.statistics import By, Measure, Summary, Totals
from circles.domain.images import ImageFilter
from circles.formats.documents import batch_document
from circles.formats.statistics import groups_document, summary_document
from circles.web.requests.queries import one_of, read_query, whole_number
from circles.web.resources.images import FILTERS, make_filter
from circles.web.responses import tagged_response

BINS, MOST_BINS = 20, 200


class WantedStatistics(NamedTuple):
    """What a client asks for. by is None without groups; bins is the most of a histogram."""

    selection: ImageFilter
    measure: Measure
    by: By | None
    bins: int


def read_statistics_query(request: Request) -> WantedStatistics:
    """Return what is wanted of a selection. Raises Malformed."""
    query = read_query(request, **FILTERS, **_OPTIONS, by=_by)
    options = {name: query.pop(name, None) for name in (*_OPTIONS, "by")}
    return WantedStatistics(
        make_filter(query),
        options["measure"] or Measure.RADIUS,
        options["by"],
        options["bins"] or BINS,
    )


def read_batch_query(request: Request) -> tuple[Measure, int]:
    """Return what is measured of a batch, and the most bins. Raises Malformed."""
    query = read_query(request, **_OPTIONS)
    return query.get("measure", Measure.RADIUS), query.get("bins", BINS)


def statistics_response(request: Request, totals: Totals, wanted: WantedStatistics) -> Response:
    """Answer with the sum of a selection, and those of its groups if they are wanted."""
    document = summary_document(totals.whole, wanted.bins)
    if wanted.by:
        document["groups"] = groups_document(totals.groups, wanted.by, wanted.bins)
    return tagged_response(request, document)


def batch_response(request: Request, batch: Batch, summary: Summary, bins: int) -> Response:
    """Answer with a batch and the sum of its images."""
    document = {**batch_document(batch), "statistics": summary_document(summary, bins)}
    return tagged_response(request, document)


def _measure(text: str) -> Measure:
    return Measure(one_of(*Measure)(text))


def _by(text: str) -> By:
    return By(one_of(*By)(text))


_OPTIONS = {"measure": _measure, "bins": whole_number(1, MOST_BINS)}
