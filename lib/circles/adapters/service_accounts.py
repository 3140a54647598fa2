"""
Verify tokens of Kubernetes service accounts. Only this file imports jwt.

Eventing gives each Trigger and source a service account, and sends its token with each event where
authentication-oidc is enabled (knative.dev/docs/eventing/features/sender-identity). The API server
publishes the public keys (kubernetes.io/docs, "ServiceAccount token issuer discovery").
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from circles.domain.errors import Unauthorized, Unavailable

if TYPE_CHECKING:
    from ssl import SSLContext

    from jwt import PyJWKClient

_ALGORITHMS = ("RS256", "ES256")
"""Those of Kubernetes. None that a public key could be the secret of."""
_CLOCK_SKEW_S = 30
_TIMEOUT_S = 3.0
_REQUIRED = ("aud", "exp", "iat", "iss", "sub")


class ServiceAccounts:
    """
    Verifies that a token was issued to a sender of our own namespace, for our audience.

    Every pod can get a token for any audience, so the audience alone proves nothing: the namespace
    says whose sender it is. Issuer and namespace are those of the pod's own token.
    """

    def __init__(self, api_url: str, folder: Path, *, audience: str) -> None:
        """
        Create a verifier. It asks the API server for keys when the first token comes.

        Args:
            folder: where the kubelet keeps the pod's own token and the cluster's ca.crt.
            audience: what the sender's token must be issued for.
        """
        self._url = api_url + "/openid/v1/jwks"
        self._folder, self._audience = folder, audience

    def verify(self, token: str) -> str:
        import jwt  # with cryptography it costs 60 ms and 8 MiB

        own = self._own_token()
        known = jwt.decode(own, options={"verify_signature": False})  # the kubelet wrote it
        key = self._find_key(token, own)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._audience,
                issuer=known["iss"],
                leeway=_CLOCK_SKEW_S,
                options={"require": list(_REQUIRED)},
            )
        except jwt.InvalidTokenError as error:
            raise _refusal() from error
        sender = str(claims["sub"])
        if sender.rpartition(":")[0] != known["sub"].rpartition(":")[0]:
            raise _refusal()  # of another namespace: system:serviceaccount:NAMESPACE:NAME
        return sender

    def _own_token(self) -> str:
        """Return the pod's token. The kubelet replaces it, so it is read each time."""
        try:
            return (self._folder / "token").read_text().strip()
        except OSError as error:
            raise Unavailable("This function cannot verify its senders now.") from error

    def _find_key(self, token: str, own: str) -> Any:
        import jwt

        client = self._client
        client.headers = {"Authorization": f"Bearer {own}"}
        try:
            client.get_jwk_set()
        except (jwt.PyJWTError, ValueError, OSError) as error:
            raise Unavailable("The cluster's keys cannot be read now.") from error
        try:
            return client.get_signing_key_from_jwt(token)
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable("The cluster's keys cannot be read now.") from error
        except jwt.PyJWTError as error:
            raise _refusal() from error

    @cached_property
    def _client(self) -> "PyJWKClient":
        """Keeps the keys for five minutes. An unknown one is looked up twice a minute at most."""
        from jwt import PyJWKClient

        return PyJWKClient(self._url, timeout=_TIMEOUT_S, ssl_context=self._tls())

    def _tls(self) -> "SSLContext | None":
        if not self._url.startswith("https://"):
            return None
        from ssl import create_default_context

        try:
            return create_default_context(cafile=self._folder / "ca.crt")
        except OSError as error:
            raise Unavailable("The cluster's certificate cannot be read now.") from error


def _refusal() -> Unauthorized:
    return Unauthorized("This sender's token is not valid here.", is_invalid=True)


if TYPE_CHECKING:
    from circles.domain.access.senders import Senders

    _: type[Senders] = ServiceAccounts
