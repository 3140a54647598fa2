"""Test creating, deriving and parsing ids."""

from uuid import UUID

import pytest

from circles.domain.errors import Malformed
from circles.domain.identifiers import new_id, object_id, parse_id, upload_id


def test_new_ids_are_uuid7_and_sort_by_age():
    ids = [new_id() for _ in range(1000)]

    assert ids == sorted(set(ids))
    assert {UUID(each).version for each in ids} == {7}
    assert [parse_id(each) for each in ids] == ids


def test_upload_id_follows_from_key_and_bytes():
    assert upload_id("k", "a" * 64) == upload_id("k", "a" * 64)
    assert (
        len({upload_id("k", "a"), upload_id("k", "b"), upload_id("l", "a"), upload_id("l", "b")})
        == 4
    )
    assert parse_id(upload_id("k", "a"))


def test_object_id_follows_from_bucket_key_and_etag():
    etag = "d41d8cd98f00b204e9800998ecf8427e"
    assert object_id("circles", "incoming/ü.jpg", etag) == "9a331dc2-79f6-5641-a506-07760d999c6d"
    others = [
        ("a", "b/c", "d"),
        ("a/b", "c", "d"),
        ("a", "b", "c/d"),
        ("a", "b/c", "e"),
        ("a", 'b", "c', "d"),
    ]
    assert len({object_id(*each) for each in others}) == len(others)


def test_uuid_is_read_in_any_case():
    assert (
        parse_id("01890A5D-AC96-774B-BCCE-B302099A8057") == "01890a5d-ac96-774b-bcce-b302099a8057"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "01890a5dac96774bbcceb302099a8057",
        "{01890a5d-ac96-774b-bcce-b302099a8057}",
        "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a8057\n",
        " 01890a5d-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5d-ac96-774b-bcce-b302099a805７",
        "01890a5d-ac96-774b-bcce-b302099a8057/..",
        "../../../../../../../etc/passwd",
    ],
)
def test_non_canonical_uuid_is_malformed(text):
    with pytest.raises(Malformed):
        parse_id(text)
