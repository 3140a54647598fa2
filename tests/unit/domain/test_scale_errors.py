"""Test diameters in millimetres and their relative errors."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from circles.domain.counting.scales import Reference, Scale, estimate_error
from circles.domain.errors import Malformed
from circles.domain.identifiers import MAX_BATCH, parse_batch

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFERENCE = Reference("i", "o", "o", 23.25, 50.0, (60.0, 60.0))
MARKED = Scale("s", 0.2325, NOW, reference=REFERENCE)
GIVEN = Scale("s", 0.2325, NOW)


def test_diameter_is_twice_the_radius_in_millimetres():
    diameter_mm, error = MARKED.measure(50.0)

    assert diameter_mm == pytest.approx(23.25)
    assert error == pytest.approx(math.hypot(estimate_error(50), estimate_error(50)))


def test_given_size_adds_no_error():
    assert GIVEN.error == 0
    assert GIVEN.measure(20.0) == (pytest.approx(9.3), pytest.approx(estimate_error(20)))


def test_small_circles_are_less_exact():
    errors = [estimate_error(radius_px) for radius_px in (3, 10, 30, 100, 1000)]

    assert errors == sorted(errors, reverse=True)
    assert 0.01 < errors[-1] < 0.02


def test_stale_scale_measures_nothing():
    assert replace(MARKED, stale=True).measure(50.0) is None


@pytest.mark.parametrize("name", ["a", "plate 7", "Lieferung-ü", "a.b", "...", "a" * MAX_BATCH])
def test_names_of_batches_are_unchanged(name):
    assert parse_batch(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "/", "a\\b", "a\nb", "a\0", "\u200f", "\ufffd", "a" * (MAX_BATCH + 1)],
)
def test_odd_names_of_batches_are_refused(name):
    with pytest.raises(Malformed):
        parse_batch(name)
