"""Test that ingest and repair verify the identity that Eventing gives its senders."""

import base64
import hashlib
import hmac
import json
import socket
import sys
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.functions.access.cluster_keys import AUDIENCE, ISSUER, api_server
from tests.functions.access.test_events import TOKEN, asking, send


@pytest.fixture
def cluster():
    with api_server() as running:
        yield running


@pytest.fixture
def start(load, cluster, tmp_path):
    folder = cluster.mount(tmp_path / "serviceaccount")

    def starter(function, **settings):
        return load(function, access="tokens", events_audience=AUDIENCE,
                    kubernetes_url=cluster.url, service_account_dir=folder, **settings)  # fmt: skip

    return starter


def bearer(token):
    return f"Bearer {token}"


def unsigned(cluster):
    """Return a token with the algorithm none (RFC 7519, section 6)."""
    _, payload, _ = cluster.token().split(".")
    return ".".join([_encode({"alg": "none", "typ": "JWT", "kid": "k1"}), payload, ""])


def signed_with_public_key(cluster):
    """Return a token whose HMAC has the published key as its secret."""
    head, payload = _encode({"alg": "HS256", "kid": "k1"}), cluster.token().split(".")[1]
    digest = hmac.digest(cluster.public_pem, f"{head}.{payload}".encode(), hashlib.sha256)
    return f"{head}.{payload}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _encode(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def changed(cluster):
    """Return a token whose claims were changed after it was signed."""
    head, payload, signature = cluster.token(aud=["other"]).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return ".".join([head, _encode({**claims, "aud": [AUDIENCE]}), signature])


OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NAMESPACE = "system:serviceaccount"
WRONG = {
    "expired": lambda cluster: cluster.token(exp=int(time.time()) - 60),
    "not yet valid": lambda cluster: cluster.token(nbf=int(time.time()) + 120),
    "another audience": lambda cluster: cluster.token(aud=["other"]),
    "no audience": lambda cluster: cluster.token(without=["aud"]),
    "no expiry": lambda cluster: cluster.token(without=["exp"]),
    "another issuer": lambda cluster: cluster.token(iss=ISSUER + ".evil.example"),
    "another namespace": lambda cluster: cluster.token(sub=f"{NAMESPACE}:circles2:ingest"),
    "no namespace": lambda cluster: cluster.token(sub="ingest"),
    "another key": lambda cluster: cluster.token(key=OTHER),
    "an unknown key": lambda cluster: cluster.token(kid="k2"),
    "no key": lambda cluster: cluster.token(kid=None),
    "unsigned": unsigned,
    "public key as secret": signed_with_public_key,
    "changed": changed,
    "not a token": lambda _: "a.b.c",
    "one part": lambda _: "crc_abc",
    "10 kB": lambda _: "x" * 10_000,
    "a NUL": lambda cluster: cluster.token() + "\0",
}


@asking
@pytest.mark.parametrize("given", WRONG)
def test_wrong_identity_is_401(start, cluster, monkeypatch, function, given):
    client = start(function)
    monkeypatch.setattr(sys.modules["main"], "handle", lambda _: 1 / 0)

    assert send(client, bearer(WRONG[given](cluster))) == 401
    assert send(client) == 401
    assert send(client, f"Basic {cluster.token()}") == 401


@asking
def test_identity_of_the_own_namespace_is_heard(start, cluster, function):
    client = start(function)

    assert send(client, bearer(cluster.token())) == 204
    assert send(client, bearer(cluster.token(exp=int(time.time()) - 10))) == 204  # clock skew
    assert cluster.asked == 1  # keys are kept


def test_identity_is_not_logged(start, cluster, log):
    client = start("ingest")
    sent = [
        cluster.token(),
        cluster.token(aud=["other"]),
        cluster.token(kid="k2"),
        unsigned(cluster),
    ]

    for text in sent:
        send(client, bearer(text))

    parts = {part for text in sent for part in text.split(".") if part}
    assert " 401 " in log.getvalue() and " 204 " in log.getvalue()
    assert not [part for part in parts if part in log.getvalue()]


@asking
def test_token_of_ours_is_heard_too(start, cluster, function):
    client = start(function, events_token=TOKEN)

    assert [send(client, bearer(each)) for each in (TOKEN, cluster.token())] == [204, 204]
    assert send(client, bearer(TOKEN + "x")) == 401


@pytest.mark.parametrize(
    ("status", "document"), [(500, {}), (401, {}), (200, {}), (200, {"keys": []}), (200, [])]
)
def test_keys_that_cannot_be_read_are_503(start, cluster, status, document):
    client = start("ingest")
    cluster.answer(status, document)

    assert send(client, bearer(cluster.token())) == 503

    cluster.publish(k1=cluster.key)
    assert send(client, bearer(cluster.token())) == 204


def test_unreachable_api_server_is_503(load, cluster, tmp_path):
    folder = cluster.mount(tmp_path / "serviceaccount")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    client = load("repair", access="tokens", events_audience=AUDIENCE, kubernetes_url=nobody,
                  service_account_dir=folder)  # fmt: skip

    assert send(client, bearer(cluster.token())) == 503


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://127.0.0.1:1"])
def test_pod_without_an_own_token_is_503(load, cluster, tmp_path, url):
    client = load("repair", access="tokens", events_audience=AUDIENCE, kubernetes_url=url,
                  service_account_dir=tmp_path / "absent")  # fmt: skip

    assert send(client, bearer(cluster.token())) == 503


def test_new_key_is_looked_up(start, cluster, monkeypatch):
    client = start("ingest")
    assert send(client, bearer(cluster.token())) == 204

    cluster.publish(k1=cluster.key, k2=OTHER)
    rotated = bearer(cluster.token(key=OTHER, kid="k2"))

    assert [send(client, rotated) for _ in range(3)] == [401, 401, 401]
    assert cluster.asked == 0  # at most once in half a minute, whoever asks
    later = time.monotonic() + 31
    monkeypatch.setattr("jwt.jwks_client.time.monotonic", lambda: later)
    assert send(client, rotated) == 204
