"""Clients of a running server, checked and misbehaving ones."""

import json
import select
import socket
from http.client import HTTPResponse
from urllib.parse import urlsplit

import requests

from tests.openapi import check_answer
from tests.servers import S3Server

TIMEOUT_S = 60


class Client:
    """Call one server. Thread-safe: each request has its own connection."""

    def __init__(self, url, function=None):
        self.url, self.function = url, function

    def request(self, method, path, **options):
        options = {"timeout": TIMEOUT_S, "allow_redirects": False, **options}
        response = requests.request(method, self.url + path, **options)
        path = urlsplit(response.request.url).path
        check_answer(
            method,
            path,
            response.status_code,
            response.headers,
            response.content,
            function=self.function,
        )
        return response

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def upload(self, data, name="photo.png", **headers):
        return self.request("POST", "/images/", files={"file": (name, data)}, headers=headers)


def tick(repair_url):
    """Send repair the event that its schedule sends."""
    response = requests.post(
        repair_url,
        data=b"{}",
        headers={
            "content-type": "application/json",
            "authorization": "Bearer circles-local",  # as the Makefile sets it
            "ce-specversion": "1.0",
            "ce-id": "1",
            "ce-type": "dev.knative.sources.ping",
            "ce-source": "/ping",
        },
        timeout=TIMEOUT_S,
    )
    assert response.status_code == 204


def post_until_refused(url, content_type, count_bytes, *, announced, request_id="refused"):
    """
    Post zeros until the server answers, like a malicious client.

    Returns:
        Status, headers, parsed body, and the number of bytes sent before the answer.
    """
    address = urlsplit(url)
    length = f"Content-Length: {count_bytes}" if announced else "Transfer-Encoding: chunked"
    sorts = f"Content-Type: {content_type}\r\nX-Request-Id: {request_id}"
    head = f"POST /images/ HTTP/1.1\r\nHost: {address.netloc}\r\n{sorts}\r\n{length}\r\n\r\n"
    piece = bytes(64 * 1024)
    framed = piece if announced else b"%x\r\n%s\r\n" % (len(piece), piece)
    with socket.create_connection((address.hostname, address.port), TIMEOUT_S) as connection:
        connection.sendall(head.encode())
        sent = _send(connection, framed, len(piece), count_bytes)
        if not announced and sent >= count_bytes:
            connection.sendall(b"0\r\n\r\n")
        response = HTTPResponse(connection)
        response.begin()
        with response:
            return response.status, dict(response.headers), json.loads(response.read()), sent


def send_then_read(url, method, content_type, count_bytes):
    """
    Send all zeros before reading. Returns status and parsed body.

    Raises OSError when the server breaks the connection.
    """
    address = urlsplit(url)
    head = (
        f"{method} /images/ HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {content_type}\r\n"
    )
    with socket.create_connection((address.hostname, address.port), TIMEOUT_S) as connection:
        connection.sendall(f"{head}Content-Length: {count_bytes}\r\n\r\n".encode())
        connection.sendall(bytes(count_bytes))
        with HTTPResponse(connection) as response:
            response.begin()
            return response.status, json.loads(response.read())


def start_post(url, announced_bytes):
    """Post only the first bytes of a picture. The caller closes the connection."""
    address = urlsplit(url)
    head = f"POST /images/ HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: image/png\r\n"
    connection = socket.create_connection((address.hostname, address.port), TIMEOUT_S)
    connection.sendall(f"{head}Content-Length: {announced_bytes}\r\n\r\n".encode() + b"\x89PNG")
    return connection


def post_and_disconnect(url, content_type, data, *, announced_bytes):
    """Announce too many bytes, post data and close the connection."""
    address = urlsplit(url)
    head = f"POST /images/ HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {content_type}\r\n"
    with socket.create_connection((address.hostname, address.port), TIMEOUT_S) as connection:
        connection.sendall(f"{head}Content-Length: {announced_bytes}\r\n\r\n".encode() + data)


def _send(connection, framed, payload, count_bytes):
    sent = 0
    while sent < count_bytes:
        readable, _, _ = select.select([connection], [connection], [], TIMEOUT_S)
        if readable:
            break
        try:
            connection.sendall(framed)
        except (BrokenPipeError, ConnectionResetError):
            break
        sent += payload
    return sent


def storage(run):
    """Return a client of the object store, with the credentials of manifests/local/s3.json."""
    server = S3Server(f"http://127.0.0.1:{run.port + 6}", "circles", "circles-local", True)
    return server.boto3_client()
