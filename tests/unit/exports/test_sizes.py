"""Test that packed sizes give quantiles and bins within 1 %."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.domain.exports.sizes import measure_sizes, true_bin, unpack_bins
from circles.domain.exports.statistics import (
    QUANTILES,
    Measure,
    Row,
    Summary,
    find_quantiles,
    merge_bins,
)
from circles.domain.images import Status

RADII = st.lists(st.floats(0.01, 1e6), max_size=30)


def summary_of(*runs, measure=Measure.RADIUS, mm_per_px=None):
    summary = Summary(measure)
    for radii in runs:
        sizes = measure_sizes(radii)
        summary.add(
            Row(
                None,
                Status.DETECTED,
                sizes.bins,
                sizes.total_px,
                sizes.least_px,
                sizes.most_px,
                mm_per_px,
            )
        )
    return summary


def quantile(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


@given(st.lists(RADII, max_size=5))
def test_quantiles_are_within_one_percent(runs):
    summary, radii = summary_of(*runs), sum(runs, [])
    found = find_quantiles(summary, summary.count_bins())

    for name, share in QUANTILES.items():
        if radii:
            assert found[name] == pytest.approx(quantile(radii, share), rel=0.0101)
        else:
            assert found[name] is None


@given(RADII, st.floats(1e-6, 1e4))
def test_diameters_are_within_one_percent(radii, mm_per_px):
    summary = summary_of(radii, measure=Measure.DIAMETER, mm_per_px=mm_per_px)
    found = find_quantiles(summary, summary.count_bins())

    if radii:
        assert found["p50"] == pytest.approx(2 * mm_per_px * quantile(radii, 0.5), rel=0.0101)
        assert summary.most == pytest.approx(2 * mm_per_px * max(radii))


@given(st.lists(RADII, max_size=3), st.integers(1, 200))
def test_every_object_is_in_one_bin(runs, most):
    summary = summary_of(*runs)
    bins = merge_bins(summary.count_bins(), most)

    assert len(bins) <= most
    assert sum(each.objects for each in bins) == summary.objects == sum(map(len, runs))
    assert all(first.end == second.first for first, second in pairwise(bins))
    for radius in runs[0] if runs else []:
        assert any(each.first * 0.99 <= radius <= each.end * 1.01 for each in bins)


def test_objects_without_a_scale_are_told_apart():
    summary = summary_of([5.0, 6.0], measure=Measure.DIAMETER)

    assert (summary.objects, summary.unscaled, summary.measured) == (2, 2, 0)
    assert summary.count_bins() == {}


@pytest.mark.parametrize("radius", [1e-300, 1e300])
def test_absurd_radius_has_a_bin(radius):
    [packed] = unpack_bins([measure_sizes([radius]).bins])

    assert true_bin(packed, 0.0) in (-1000, 2500)


def test_many_runs_are_counted_in_parts(monkeypatch):
    monkeypatch.setattr("circles.domain.exports.statistics._AT_ONCE", 2)
    summary = summary_of(*[[10.0]] * 5)

    assert sum(summary.count_bins().values()) == 5
