"""
Find pages of images by an index that keeps the rows read few.

SQLite's planner does not know how many rows a filter leaves, and would sort a million of them, or
read a million to find two.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from circles.adapters.sqlite import rows
from circles.domain.catalogue import NO_DOUBT, Position
from circles.domain.images import Image, ImageFilter, Order, Review, Status

_FEW = 2000
"""
So many rows are sorted in less time than a page of them is found by another order.

At a million images, a filter that leaves more leaves one in 500.
"""

_CONDITIONS = {
    "status": "images.status = :status",
    "sha256": "images.sha256 = :sha256",
    "since": "images.created_at >= :since",
    "until": "images.created_at < :until",
    "batch": "images.batch = :batch",
    "source": "images.source = :source",
    "key": "images.key = :key",
    "model_version": "images.served_version = :model_version",
    "review": "images.review IS :review",
    "min_count": "images.served_count >= :min_count",
    "max_count": "images.served_count <= :max_count",
}
_TIMES = frozenset({"since", "until"})
_COUNTS = frozenset({"min_count", "max_count"})

_DOUBT = f"coalesce(images.doubtful_count, {NO_DOUBT})"
"""As in the indexes of schema/m004_counting.py."""

_NEWEST_FIRST = "images.created_at DESC, images.image_id DESC"
_SORTED = {Order.NEWEST: _NEWEST_FIRST, Order.DOUBT: f"{_DOUBT} DESC, {_NEWEST_FIRST}"}
_OLDER = "(images.created_at, images.image_id) < (:at, :id)"


class _Index(NamedTuple):
    """
    An index and the filters that it answers.

    Behind equal filters it is sorted by order, None: by something else. Others need not be given.
    """

    name: str
    equal: frozenset[str]
    order: Order | None = Order.NEWEST
    others: frozenset[str] = _TIMES


_INDEXES = (
    _Index("idx_images_key", frozenset({"key"}), None, frozenset()),
    _Index("idx_images_sha256_created_at_image_id", frozenset({"sha256"})),
    _Index("idx_images_batch_status", frozenset({"batch", "status"})),
    _Index("idx_images_batch", frozenset({"batch"})),
    _Index("idx_images_batch_doubt", frozenset({"batch"}), Order.DOUBT, frozenset()),
    _Index("idx_images_review_doubt", frozenset({"review"}), Order.DOUBT, frozenset()),
    _Index("idx_images_status_created_at_image_id", frozenset({"status"})),
    _Index("idx_images_review", frozenset({"review"})),
    _Index("idx_images_served_version", frozenset({"model_version"})),
    _Index("idx_images_source", frozenset({"source"})),
    _Index("idx_images_served_count", frozenset(), None, _COUNTS),
    _Index("idx_images_created_at_image_id", frozenset()),
    _Index("idx_images_doubt", frozenset(), Order.DOUBT, frozenset()),
)
"""The most selective ones first."""


def find_page(
    connection: sqlite3.Connection,
    wanted: ImageFilter,
    order: Order,
    limit: int,
    before: Position | None,
) -> Sequence[Image]:
    """Return at most limit images that match wanted, after a position, in an order."""
    if wanted.status in (Status.PENDING, Status.FAILED):
        order = Order.NEWEST  # they have no run, and so no doubtful_count that could sort them
    values = _values(wanted) | {"limit": limit}
    if before:
        values |= {"at": rows.to_text_time(before.created_at), "id": before.image_id}
        values["doubt"] = before.doubtful_count
    names = frozenset(values) & frozenset(_CONDITIONS)
    ordered = next(each for each in _INDEXES if each.order is order and each.equal <= names)
    if not names <= ordered.equal | ordered.others:
        for index in _INDEXES:
            if _answers(index, names) and _is_few(connection, index, names, values):
                return _sort(connection, index, names, values, order)
    return _walk(connection, ordered, names, values, order)


def filter_images(wanted: ImageFilter) -> tuple[str, Mapping[str, Any]]:
    """Return the condition that selects images, empty for all, and its values."""
    values = _values(wanted)
    return _conditions(frozenset(values)), values


def _values(wanted: ImageFilter) -> dict[str, Any]:
    values = {name: value for name, value in asdict(wanted).items() if value is not None}
    for name in _TIMES & values.keys():
        values[name] = rows.to_text_time(values[name])
    if values.get("review") is Review.NONE:
        values["review"] = None
    return values


def _answers(index: _Index, names: frozenset[str]) -> bool:
    """Return whether an index leaves less than all images."""
    return index.equal <= names and bool(index.equal or index.others & names)


def _is_few(
    connection: sqlite3.Connection,
    index: _Index,
    names: frozenset[str],
    values: Mapping[str, Any],
) -> bool:
    conditions = _conditions(names & (index.equal | index.others))
    query = f"""SELECT 1 FROM images INDEXED BY {index.name} WHERE {conditions}
                LIMIT 1 OFFSET {_FEW}"""
    return connection.execute(query, values).fetchone() is None


def _sort(
    connection: sqlite3.Connection,
    index: _Index,
    names: frozenset[str],
    values: Mapping[str, Any],
    order: Order,
) -> Sequence[Image]:
    """Return the page of the few images that an index leaves."""
    after = ""
    if "at" in values:
        after = f"({_DOUBT}, images.created_at, images.image_id) < (:doubt, :at, :id)"
        after = f" AND {after if order is Order.DOUBT else _OLDER}"
    query = f"""{rows.IMAGE} WHERE images.image_id IN (
                    SELECT images.image_id FROM images INDEXED BY {index.name}
                    WHERE {_conditions(names)}{after} ORDER BY {_SORTED[order]} LIMIT :limit)
                ORDER BY {_SORTED[order]}"""
    return rows.find_images(connection, query, values)


def _walk(
    connection: sqlite3.Connection,
    index: _Index,
    names: frozenset[str],
    values: Mapping[str, Any],
    order: Order,
) -> Sequence[Image]:
    """Return the page in the order of an index, which is left after limit images."""
    found: list[Image] = []
    for after, sorted_by in _ranges(order, "at" in values):
        left = values["limit"] - len(found)
        if not left:
            break
        conditions = _conditions(names)
        if after:  # the plus keeps SQLite from beginning at this time instead of at the position
            conditions = conditions.replace("images.created_at <", "+images.created_at <")
        where = " AND ".join(each for each in (conditions, after) if each)
        query = f"""{rows.image_query(index.name)} {"WHERE " if where else ""}{where}
                    ORDER BY {sorted_by} LIMIT :limit"""
        found += rows.find_images(connection, query, {**values, "limit": left})
    return found


def _ranges(order: Order, later: bool) -> Sequence[tuple[str, str]]:
    """
    Return the ranges of what follows a position, each with its condition and its order.

    An index gives one range at a time, and SQLite sorts by an expression even if it is constant.
    """
    if not later:
        return [("", _SORTED[order])]
    if order is Order.NEWEST:
        return [(_OLDER, _NEWEST_FIRST)]
    same, less = f"{_DOUBT} = :doubt AND {_OLDER}", f"{_DOUBT} < :doubt"
    return [(same, _NEWEST_FIRST), (less, _SORTED[order])]


def _conditions(names: frozenset[str]) -> str:
    return " AND ".join(_CONDITIONS[name] for name in sorted(names))
