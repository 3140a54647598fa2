"""Test POST /images/ with good, bad and repeated pictures."""

import gzip
import hashlib
from io import BytesIO

import pytest

from tests.functions.pictures import KINDS, animated_gif, draw, encode, jpeg, png, png_bomb

MAX_BYTES = 200_000


def send(client, data, name="coins.jpg", **headers):
    return client.post("/images/", data={"file": (BytesIO(data), name)}, headers=headers)


def send_raw(client, data, media_type="image/png", **headers):
    return client.post("/images/", data=data, content_type=media_type, headers=headers)


def in_pieces(client, data, content_type):
    """Post without Content-Length, as a chunked body (PEP 3333, wsgi.input_terminated)."""
    return client.post(
        "/images/",
        input_stream=BytesIO(data),
        content_type=content_type,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )


def form(data, field="file", name="coins.jpg", boundary="frontier"):
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    )
    return head.encode() + data + f"\r\n--{boundary}--\r\n".encode()


FORM = "multipart/form-data; boundary=frontier"


@pytest.mark.parametrize("way", ["a form", "raw", "octet-stream", "a chunked form", "chunked raw"])
def test_picture_is_detected_however_it_is_sent(upload, volume, way):
    data = jpeg()
    response = {
        "a form": lambda: send(upload, data),
        "raw": lambda: send_raw(upload, data, "image/jpeg"),
        "octet-stream": lambda: send_raw(upload, data, "application/octet-stream"),
        "a chunked form": lambda: in_pieces(upload, form(data), FORM),
        "chunked raw": lambda: in_pieces(upload, data, "image/jpeg"),
    }[way]()

    image = response.json
    assert response.status_code == 200
    assert response.headers["Location"] == f"/images/{image['image_id']}"
    expected = {
        "status": "detected",
        "object_count": 2,
        "width": 120,
        "height": 80,
        "media_type": "image/jpeg",
    }
    assert expected.items() <= image.items()
    assert (image["size_bytes"], image["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert image["file_name"] == ("coins.jpg" if "form" in way else None)
    assert (image["model"], image["attempts"], image["error"], image["source"]) == (
        "fixed",
        1,
        None,
        "upload",
    )
    assert image["detected_at"] >= image["created_at"]
    [blob] = volume.blobs()
    assert blob.read_bytes() == data
    assert [row["image_id"] for row in volume.rows("images")] == [image["image_id"]]
    assert len(volume.rows("detections")) == 1
    assert len(volume.rows("objects")) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_format_is_stored_unchanged(upload, volume, kind):
    draw_it, media_type = KINDS[kind]
    data = draw_it()

    response = send(upload, data)

    assert response.status_code == 200
    assert response.json["media_type"] == media_type
    assert (response.json["width"], response.json["height"]) == (120, 80)
    assert response.json["status"] == "detected"
    [blob] = volume.blobs()
    assert blob.read_bytes() == data


def test_media_type_comes_from_the_content(upload):
    response = send_raw(upload, png(), "image/jpeg")

    assert response.status_code == 200
    assert response.json["media_type"] == "image/png"


TRUNCATED = jpeg()[:-200]
SPLIT_GIF = animated_gif()[:200]

REFUSED = {
    "no body at all": (lambda c: c.post("/images/"), 400, "malformed", "multipart field"),
    "an empty raw body": (lambda c: send_raw(c, b""), 400, "malformed", "empty"),
    "an empty file": (lambda c: send(c, b""), 400, "malformed", "empty"),
    "an empty form": (
        lambda c: c.post("/images/", data=b"--frontier--\r\n", content_type=FORM),
        400,
        "malformed",
        "0",
    ),
    "a wrong field name": (
        lambda c: c.post("/images/", data={"picture": (BytesIO(png()), "a.png")}),
        400,
        "malformed",
        'field "file"; it has 0',
    ),
    "two files": (
        lambda c: c.post(
            "/images/", data={"file": [(BytesIO(png()), "a.png"), (BytesIO(png()), "b.png")]}
        ),
        400,
        "malformed",
        "it has 2",
    ),
    "a text in the form's field": (
        lambda c: c.post("/images/", data={"file": "text"}, content_type=FORM),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "a form without a boundary": (
        lambda c: send_raw(c, form(png()), "multipart/form-data"),
        400,
        "malformed",
        "",
    ),
    "a form that breaks off": (
        lambda c: send_raw(c, form(png())[:-20], FORM),
        400,
        "malformed",
        "",
    ),
    "text as a picture": (
        lambda c: send(c, b"I am a picture.", "a.jpg"),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "text declared as text": (
        lambda c: send_raw(c, b"text", "text/plain"),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "JSON": (
        lambda c: c.post("/images/", json={"file": "aGk="}),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "a url-encoded form": (
        lambda c: c.post("/images/", data={"file": "x"}),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "a body of parts that is no form": (
        lambda c: send_raw(c, form(png()), "multipart/mixed; boundary=frontier"),
        415,
        "unsupported-picture",
        "form",
    ),
    "a compressed picture": (
        lambda c: send_raw(c, gzip.compress(png()), **{"Content-Encoding": "gzip"}),
        415,
        "unsupported-encoding",
        "gzip",
    ),
    "a form of too many parts": (
        lambda c: send_raw(c, form(b"", field="x").replace(b"--\r\n", b"\r\n") * 1001, FORM),
        400,
        "malformed",
        "1,000 parts",
    ),
    "an endless boundary": (
        lambda c: send_raw(c, form(png()), "multipart/form-data; boundary=" + 201 * "x"),
        400,
        "malformed",
        "boundary",
    ),
    "an SVG": (
        lambda c: send_raw(c, b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "a kind that Pillow reads and we do not take": (
        lambda c: send_raw(c, encode(draw(), "PPM")),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "a PostScript file": (
        lambda c: send_raw(c, encode(draw(), "EPS")),
        415,
        "unsupported-picture",
        "JPEG",
    ),
    "a truncated JPEG": (lambda c: send(c, TRUNCATED), 422, "undecodable-picture", "cut off"),
    "a JPEG's header alone": (lambda c: send(c, jpeg()[:200]), 422, "undecodable-picture", ""),
    "a truncated PNG": (lambda c: send_raw(c, png()[:-60]), 422, "undecodable-picture", "cut off"),
    "a PNG's first eight bytes": (
        lambda c: send_raw(c, png()[:8]),
        422,
        "undecodable-picture",
        "header",
    ),
    "a truncated GIF": (lambda c: send_raw(c, SPLIT_GIF), 422, "undecodable-picture", "cut off"),
    "a truncated WebP": (
        lambda c: send_raw(c, encode(draw(), "WEBP")[:-40]),
        422,
        "undecodable-picture",
        "",
    ),
    "a truncated TIFF": (
        lambda c: send_raw(c, encode(draw(), "TIFF")[:200]),
        422,
        "undecodable-picture",
        "",
    ),
    "a bomb of 60 megapixels": (lambda c: send(c, png_bomb()), 413, "too-large", "10000 x 6000"),
    "a form that announces far too much": (
        lambda c: send(c, bytes(2 * MAX_BYTES)),
        413,
        "too-large",
        "larger",
    ),
    "a raw body that announces far too much": (
        lambda c: send_raw(c, bytes(2 * MAX_BYTES)),
        413,
        "too-large",
        "larger",
    ),
    "a file just over the limit": (
        lambda c: send(c, bytes(MAX_BYTES + 1)),
        413,
        "too-large",
        "at most 200,000",
    ),
    "a raw body just over the limit": (
        lambda c: send_raw(c, bytes(MAX_BYTES + 1)),
        413,
        "too-large",
        "at most 200,000",
    ),
    "far too much in a chunked form": (
        lambda c: in_pieces(c, form(bytes(2 * MAX_BYTES)), FORM),
        413,
        "too-large",
        "at most 200,000",
    ),
    "far too much in a chunked raw body": (
        lambda c: in_pieces(c, bytes(2 * MAX_BYTES), "image/png"),
        413,
        "too-large",
        "at most 200,000",
    ),
    "an unknown query parameter": (
        lambda c: c.post("/images/?model=best", data=png(), content_type="image/png"),
        400,
        "malformed",
        "'model'",
    ),
    "an empty Idempotency-Key": (
        lambda c: send_raw(c, png(), **{"Idempotency-Key": ""}),
        400,
        "malformed",
        "1 to 255",
    ),
    "an endless Idempotency-Key": (
        lambda c: send_raw(c, png(), **{"Idempotency-Key": "k" * 256}),
        400,
        "malformed",
        "1 to 255",
    ),
    "an Idempotency-Key that is no ASCII": (
        lambda c: send_raw(c, png(), **{"Idempotency-Key": "Schlüssel"}),
        400,
        "malformed",
        "ASCII",
    ),
    "an Idempotency-Key with a control character": (
        lambda c: send_raw(c, png(), **{"Idempotency-Key": "a\tb"}),
        400,
        "malformed",
        "visible",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_upload_is_refused_and_stores_nothing(load, volume, case):
    send_it, status, code, words = REFUSED[case]
    client = load("upload", max_upload_bytes=MAX_BYTES)

    response = send_it(client)

    assert response.status_code == status
    assert response.json["type"] == f"urn:circles:problem:{code}"
    assert words in response.json["detail"]
    assert volume.is_empty()


def test_largest_allowed_upload_is_accepted(load, volume):
    data = jpeg() + bytes(MAX_BYTES - len(jpeg()))  # bytes after a JPEG's end are ignored

    response = send(load("upload", max_upload_bytes=MAX_BYTES), data)

    assert response.status_code == 200
    assert response.json["size_bytes"] == MAX_BYTES
    [blob] = volume.blobs()
    assert blob.stat().st_size == MAX_BYTES


def test_png_bomb_is_small():
    assert len(png_bomb()) < 10_000


def test_refused_coding_names_accepted_ones(upload):
    response = send_raw(upload, gzip.compress(png()), **{"Content-Encoding": "GZIP"})

    assert response.headers["Accept-Encoding"] == "identity"
    assert send_raw(upload, png(), **{"Content-Encoding": "identity"}).status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "text/plain",
        "application/x-www-form-urlencoded",
    ],
)
def test_raw_picture_of_any_type_is_taken(upload, media_type):
    response = send_raw(upload, png(), media_type)

    assert (response.status_code, response.json["media_type"]) == (200, "image/png")


@pytest.mark.parametrize("padding", [0, 600_000])
def test_file_part_needs_no_file_name(upload, volume, padding):
    data = png() + bytes(padding)  # what follows a PNG's end is not looked at
    body = form(data).replace(b'; filename="coins.jpg"', b"")

    response = send_raw(upload, body, FORM)

    assert (response.status_code, response.json["file_name"]) == (200, None)
    assert volume.blobs()[0].read_bytes() == data


def test_other_form_parts_may_be_large(upload):
    """A text part of any size is skipped."""
    more = form(b"x" * 600_000, field="comment").replace(b'; filename="coins.jpg"', b"")

    response = send_raw(
        upload, more.replace(b"--frontier--", form(png()).removesuffix(b"\r\n")), FORM
    )

    assert (response.status_code, response.json["file_name"]) == (200, "coins.jpg")


def test_truncated_body_is_refused(upload, volume):
    response = upload.post(
        "/images/",
        data=png(),
        content_type="image/png",
        environ_overrides={"CONTENT_LENGTH": "10000"},
    )

    assert response.status_code == 400
    assert response.json["type"] == "urn:circles:problem:malformed"
    assert volume.is_empty()


NAMES = {
    "../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "/etc/passwd": "passwd",
    "C:\\photos\\coins.jpg": "coins.jpg",
    "coins\0.jpg": "coins.jpg",
    "coins\x1b[31m.jpg": "coins[31m.jpg",
    "münzen 1 €.jpg": "münzen 1 €.jpg",
    "..": "..",
    "a" * 300 + ".jpg": "a" * 255,
    "coins/": None,
}


@pytest.mark.parametrize("sent", NAMES, ids=ascii)
def test_file_name_is_never_used_as_a_path(upload, detail, volume, sent):
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'
    body = head % sent.replace("\\", "\\\\").encode() + png() + b"\r\n--frontier--\r\n"

    response = upload.post("/images/", data=body, content_type=FORM)

    assert response.status_code == 200
    assert response.json["file_name"] == NAMES[sent]
    assert [blob.parent for blob in volume.blobs()] == [volume.folder / "blobs" / "images"]
    assert [blob.name for blob in volume.blobs()] == [f"{response.json['image_id']}.png"]
    content = detail.get(f"/images/{response.json['image_id']}/content")
    assert (content.status_code, content.data) == (200, png())


def test_same_bytes_without_a_key_are_two_images(upload, volume):
    first, second = send(upload, png()), send(upload, png())

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json["image_id"] != second.json["image_id"]
    assert len(volume.blobs()) == 2


def test_same_key_and_bytes_return_the_same_image(upload, volume):
    first = send(upload, png(), **{"Idempotency-Key": "k-1"})
    again = send(upload, png(), **{"Idempotency-Key": "k-1"})
    quoted = send(upload, png(), **{"Idempotency-Key": '"k-1"'})

    assert first.status_code == again.status_code == quoted.status_code == 200
    assert first.json == again.json == quoted.json
    assert len(volume.blobs()) == len(volume.rows("images")) == len(volume.rows("detections")) == 1


def test_same_key_with_other_bytes_is_refused(upload, volume):
    first = send(upload, png(), **{"Idempotency-Key": "k-1"})

    other = send(upload, png(shade=80), **{"Idempotency-Key": "k-1"})

    assert first.status_code == 200
    assert other.status_code == 422
    assert other.json["type"] == "urn:circles:problem:key-reused"
    assert "new key" in other.json["detail"]
    [blob] = volume.blobs()
    assert blob.read_bytes() == png()
    assert len(volume.rows("images")) == 1


def test_different_keys_make_different_images(upload, volume):
    ids = {send(upload, png(), **{"Idempotency-Key": f"k-{i}"}).json["image_id"] for i in range(3)}

    assert len(ids) == len(volume.blobs()) == len(volume.rows("images")) == 3


def test_key_of_255_characters_is_accepted(upload):
    key = "k" * 255

    first, again = (send(upload, png(), **{"Idempotency-Key": key}) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json["image_id"] == again.json["image_id"]


def test_refused_picture_does_not_use_up_its_key(upload):
    refused = send(upload, TRUNCATED, **{"Idempotency-Key": "k-1"})
    taken = send(upload, png(), **{"Idempotency-Key": "k-1"})

    assert (refused.status_code, taken.status_code) == (422, 200)
    assert taken.json["status"] == "detected"


def test_upload_logs_one_line_with_the_request_id(upload, log):
    response = send(upload, png(), **{"X-Request-Id": "abc-1"})

    assert (response.status_code, response.json["status"]) == (200, "detected")
    assert response.headers["X-Request-Id"] == "abc-1"
    [line] = log.getvalue().splitlines()
    assert " INFO POST /images/ 200 " in line
    assert line.endswith(" abc-1")
