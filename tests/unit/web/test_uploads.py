"""Test the strict reading of uploads and idempotency keys."""

from io import BytesIO

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from circles.domain.errors import Malformed, TooLarge, UnsupportedEncoding, UnsupportedPicture
from circles.domain.pictures import Upload
from circles.web.requests.uploads import read_upload

DATA = bytes(range(256))


def request(headers=None, **form_or_body):
    builder = EnvironBuilder(method="POST", headers=headers, **form_or_body)
    try:
        return Request(builder.get_environ())
    finally:
        builder.close()


def form(name="coins.jpg", data=DATA, field="file"):
    return request(data={field: (BytesIO(data), name, "image/jpeg")})


def read(sent, max_bytes=1000):
    """Read an upload and close the request's files as Flask does."""
    try:
        return read_upload(sent, max_bytes)
    finally:
        sent.close()


def test_form_gives_bytes_and_name():
    assert read(form()) == Upload(DATA, "coins.jpg", None)


@pytest.mark.parametrize(
    "content_type",
    [
        "image/jpeg",
        "image/x-whatever",
        "application/octet-stream",
        "binary/octet-stream",
        "IMAGE/PNG; x=y",
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        None,
    ],
)
def test_raw_body_gives_bytes_without_a_name(content_type):
    assert read(request(data=DATA, content_type=content_type)) == Upload(DATA, None, None)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("coins.jpg", "coins.jpg"),
        ("my coins (2).jpg", "my coins (2).jpg"),
        ("münzen 日本 🪙.jpg", "münzen 日本 🪙.jpg"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\coins.jpg", "coins.jpg"),
        ("..\\..\\coins.jpg", "coins.jpg"),
        ("a/b\\c/d.jpg", "d.jpg"),
        ("coins.jpg\0.exe", "coins.jpg.exe"),
        ("a\r\nSet-Cookie: b=c", "a%0D%0ASet-Cookie: b=c"),
        ("tab\there\x7f\x1b[31m", "tabhere[31m"),
        ("gpj\u202e.exe\u2028\u200b", "gpj.exe"),
        ("x" * 300 + ".jpg", "x" * 255),
        ("folder/", None),
        ("\0", None),
    ],
)
def test_file_name_keeps_its_last_printable_part(sent, kept):
    upload = Upload(DATA, kept, None)

    assert read_upload(request_with_file_name(sent), 1000) == upload


def request_with_file_name(name):
    """Return a form with this file name, escaped as browsers do."""
    escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").replace("\0", "")
    head = f'--B\r\nContent-Disposition: form-data; name="file"; filename="{escaped}"\r\n\r\n'
    body = head.encode("utf-8", "replace") + DATA + b"\r\n--B--\r\n"
    return request(data=body, content_type="multipart/form-data; boundary=B")


@given(st.text())
def test_any_file_name_becomes_short_and_printable(name):
    kept = read_upload(request_with_file_name(name), 1000).file_name

    assert kept is None or (
        0 < len(kept) <= 255 and kept.isprintable() and not {"/", "\\"} & set(kept)
    )


def test_other_form_field_is_malformed():
    with pytest.raises(Malformed, match='"file"; it has 0'):
        read(form(field="image"))


def test_part_without_file_name_is_a_file():
    sent = request(data={"file": "bytes"}, content_type="multipart/form-data")

    assert read(sent) == Upload(b"bytes", None, None)


RAW_NAMES = {
    r"C:\pics\new\a.png": "a.png",
    r"C:\\pics\\new\\a.png": "a.png",
    r"\\server\share\a.png": "a.png",
    r"a \"quoted\" name.png": 'a "quoted" name.png',
    r"a\.png": ".png",
    "%22.png": "%22.png",
}


@pytest.mark.parametrize("raw", RAW_NAMES)
def test_backslash_separates_unless_it_escapes(raw):
    assert read(request_with_raw_name(f'"{raw}"')).file_name == RAW_NAMES[raw]


def test_unquoted_and_encoded_names_are_read():
    assert read(request_with_raw_name("a.png")).file_name == "a.png"
    assert (
        read(request_with_raw_name("UTF-8''m%C3%BCnze.png", "filename*")).file_name == "münze.png"
    )


def request_with_raw_name(raw, parameter="filename"):
    head = f'--B\r\nContent-Disposition: form-data; name="file"; {parameter}={raw}\r\n\r\n'
    return request(
        data=head.encode() + DATA + b"\r\n--B--\r\n",
        content_type="multipart/form-data; boundary=B",
    )


BROKEN_FORMS = {
    "no end": b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\nx',
    "no head": b"--B\r\n\r\nx\r\n--B--\r\n",
    "no boundary": b"x",
    "a head that is not UTF-8": b'--B\r\nContent-Disposition: x; name="\xff"\r\n\r\nx\r\n--B--',
    "a head without end": b"--B\r\n" + b"X-A: b\r\n" * 100,
}


@pytest.mark.parametrize("body", BROKEN_FORMS.values(), ids=BROKEN_FORMS)
def test_broken_form_is_malformed(body):
    with pytest.raises(Malformed):
        read(request(data=body, content_type="multipart/form-data; boundary=B"))


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 201])
def test_form_needs_a_boundary(boundary):
    with pytest.raises(Malformed, match="boundary"):
        read(request(data=b"x", content_type=f"multipart/form-data{boundary}"))


@pytest.mark.parametrize("size", [1, 255, 256 * 1024 - 1, 256 * 1024, 1_000_001])
@pytest.mark.parametrize("filling", [b"\r\n", b"\r", b"-", b"\r\n--", b"\r\n--B-"])
def test_file_survives_near_boundaries(size, filling):
    """Also one that nearly holds the boundary, across the pieces that it is read in."""
    data = (filling * (size // len(filling) + 1))[:size]
    body = b'--BB\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + data + b"\r\n--BB--\r\n"

    sent = request(data=body, content_type="multipart/form-data; boundary=BB")

    assert read(sent, 2**21).data == data


def test_two_files_are_malformed():
    with pytest.raises(Malformed, match="it has 2"):
        read(request(data={"file": [(BytesIO(b"1"), "a"), (BytesIO(b"2"), "b")]}))


@pytest.mark.parametrize(
    "empty", [lambda: form(data=b""), lambda: request(data=b"", content_type="image/png")]
)
def test_empty_picture_is_malformed(empty):
    with pytest.raises(Malformed, match="empty"):
        read(empty())


@pytest.mark.parametrize("sent", [form, lambda: request(data=DATA, content_type="image/png")])
def test_size_limit_is_inclusive(sent):
    assert read(sent(), 256).data == DATA
    with pytest.raises(TooLarge, match="at most 255 bytes"):
        read(sent(), 255)


@pytest.mark.parametrize("content_type", ["multipart/mixed; boundary=B", "multipart/related"])
def test_other_multipart_type_is_unsupported(content_type):
    with pytest.raises(UnsupportedPicture):
        read(request(data=DATA, content_type=content_type))


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip"])
def test_content_coding_is_refused_by_name(coding):
    with pytest.raises(UnsupportedEncoding, match=coding.lower()[:3]):
        read(request(data=DATA, headers={"Content-Encoding": coding}))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("abc", "abc"),
        ('"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ("with space", "with space"),
        ("x" * 255, "x" * 255),
        (None, None),
    ],
)
def test_idempotency_key_may_be_quoted(header, key):
    headers = {"Idempotency-Key": header} if header else None

    assert (
        read(request(data=DATA, content_type="image/png", headers=headers)).idempotency_key == key
    )


@pytest.mark.parametrize("header", ["", '""', " ", "x" * 256, "schlüssel", "a\tb", "\x7f"])
def test_invalid_idempotency_key_is_malformed(header):
    sent = request(data=DATA, content_type="image/png", headers={"Idempotency-Key": header})
    with pytest.raises(Malformed, match="Idempotency-Key"):
        read(sent)


def test_truncated_body_is_malformed():
    environ = EnvironBuilder(method="POST", data=DATA, content_type="image/png").get_environ()
    environ["CONTENT_LENGTH"] = "300"
    environ["wsgi.input_terminated"] = True  # as a server sets it for a body of unknown length
    with pytest.raises(Malformed, match="shorter"):
        read(Request(environ))
