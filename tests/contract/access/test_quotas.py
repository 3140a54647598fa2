"""Test that the catalogue counts quotas, on SQLite and on the fake."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from circles.adapters.sqlite.access.tokens import SqliteTokens
from circles.adapters.sqlite.catalogue import SqliteCatalogue
from circles.domain.access.quotas import DETECTIONS, UPLOADS, Quota
from circles.domain.errors import TooManyRequests
from circles.domain.identifiers import new_id
from circles.domain.images import Image, ImageFilter
from tests.unit.fakes.records import FakeCatalogue
from tests.unit.fakes.tokens import FakeTokens

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
QUOTA = Quota("anna", UPLOADS, 2, NOW)


@pytest.fixture(params=["sqlite", "fake"])
def ports(request, tmp_path):
    if request.param == "fake":
        catalogue = FakeCatalogue()
        yield catalogue, FakeTokens(catalogue.tables.usage)
        return
    path = tmp_path / "catalogue.db"
    catalogue, tokens = (
        port(path, busy_timeout_s=10.0) for port in (SqliteCatalogue, SqliteTokens)
    )
    yield catalogue, tokens
    catalogue.close()
    tokens.close()


def add(catalogue, quota=QUOTA):
    image_id = new_id()
    size = {"size_bytes": 1, "sha256": "0" * 64, "width": 1, "height": 1}
    image = Image(image_id, f"images/{image_id}", "image/png", source="upload",
                  created_at=NOW, **size)  # fmt: skip
    catalogue.add(image, quota=quota)
    return image


def test_quota_is_counted_up_to_its_limit(ports):
    catalogue, tokens = ports
    assert tokens.count_use(QUOTA) == 0
    images = [add(catalogue), add(catalogue)]

    with pytest.raises(TooManyRequests) as refused:
        add(catalogue)

    assert refused.value.retry_after_s == 45
    assert tokens.count_use(QUOTA) == 2
    page = catalogue.page(ImageFilter(), limit=9)
    assert {image.image_id for image in page} == {image.image_id for image in images}


def test_quota_is_by_principal_kind_and_minute(ports):
    catalogue, tokens = ports
    add(catalogue)
    add(catalogue)

    others = (
        QUOTA._replace(principal="bo"),
        QUOTA._replace(now=NOW + timedelta(minutes=1)),
        QUOTA._replace(now=NOW - timedelta(days=1)),
    )
    for other in others:
        add(catalogue, other)
        assert tokens.count_use(other) >= 1
    assert tokens.count_use(QUOTA._replace(kind=DETECTIONS)) == 0


def test_claim_counts_only_if_it_claims(ports):
    catalogue, tokens = ports
    image = add(catalogue, None)
    quota = QUOTA._replace(kind=DETECTIONS, limit=1)
    until = {"now": NOW, "until": NOW + timedelta(minutes=1)}

    assert catalogue.claim(image.image_id, **until, quota=quota)
    assert catalogue.claim(image.image_id, **until, quota=quota) is None

    assert tokens.count_use(quota) == 1
    later = {"now": NOW + timedelta(minutes=2), "until": NOW + timedelta(minutes=3)}
    with pytest.raises(TooManyRequests):
        catalogue.claim(image.image_id, **later, quota=quota)
    assert catalogue.claim(image.image_id, **later)


def test_concurrent_uploads_stay_within_the_quota(tmp_path):
    catalogue = SqliteCatalogue(tmp_path / "catalogue.db", busy_timeout_s=30.0)

    def one(_):
        try:
            add(catalogue, QUOTA._replace(limit=5))
        except TooManyRequests:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        stored = sum(pool.map(one, range(24)))
    catalogue.close()

    assert stored == 5
