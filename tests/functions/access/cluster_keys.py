"""An API server that publishes keys, and the tokens that it would issue."""

import time
from contextlib import contextmanager

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from pytest_httpserver import HTTPServer

ISSUER = "https://kubernetes.default.svc.cluster.local"
AUDIENCE = "circles-events"
TRIGGER = "system:serviceaccount:circles:ingest-oidc-eventing.knative.dev-trigger"
JWKS = "/openid/v1/jwks"


class ApiServer:
    """Signs tokens with a key of its own, and serves its public half to pods with a token."""

    def __init__(self, server):
        self.http = server
        self.url = server.url_for("").rstrip("/")
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.publish(k1=self.key)

    def publish(self, **keys):
        """Serve these keys, and no others."""
        known = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
            for kid, key in keys.items()
        ]
        self.answer(200, {"keys": known})

    def answer(self, status, document):
        self.http.clear()
        own = {"Authorization": f"Bearer {self.token(aud='api', sub=_subject('default'))}"}
        self.http.expect_request(JWKS, headers=own).respond_with_json(document, status=status)

    @property
    def asked(self):
        return len(self.http.log)

    def token(self, *, key=None, algorithm="RS256", kid="k1", without=(), **claims):
        """Return a token of the Trigger, with other claims if they are given."""
        now = 1_800_000_000 if claims.get("sub") == _subject("default") else int(time.time())
        known = {"aud": [AUDIENCE], "iss": ISSUER, "sub": TRIGGER, "iat": now, "nbf": now,
                 "exp": now + 3600, **claims}  # fmt: skip
        known = {name: value for name, value in known.items() if name not in without}
        headers = {"kid": kid} if kid else {}
        return jwt.encode(known, key or self.key, algorithm=algorithm, headers=headers)

    @property
    def public_pem(self):
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def mount(self, folder):
        """Write what the kubelet writes into a pod of the namespace circles."""
        folder.mkdir()
        (folder / "token").write_text(self.token(aud="api", sub=_subject("default")))
        return folder


def _subject(name):
    return f"system:serviceaccount:circles:{name}"


@contextmanager
def api_server():
    server = HTTPServer()
    server.start()
    try:
        yield ApiServer(server)
    finally:
        server.clear()
        server.stop()
