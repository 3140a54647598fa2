"""The part of the class that operators use: deliveries and tokens."""

from collections.abc import Iterator, Sequence
from typing import Any

from circles_client.transport.calls import Calls, given, segment
from circles_client.transport.http import Json


class Administration(Calls):
    """Calls about events and access. Client has them."""

    # Deliveries

    def deliveries(self, **filters: Any) -> Iterator[Json]:
        """Yield the events that a receiver has not accepted, newest first."""
        yield from self._pages("/deliveries", "deliveries", filters)

    def replay(self, event_id: str, *, sink: str | None = None) -> list[Json]:
        """Send an event again, and return its deliveries."""
        path = f"/deliveries/{segment(event_id)}/replay"
        answer = self._http.document("POST", path, params=given({"sink": sink}))
        deliveries: list[Json] = answer["deliveries"]
        return deliveries

    # Access

    def whoami(self) -> Json:
        """Return the sender that the token stands for, and what it may do."""
        return self._get("/whoami")

    def tokens(self) -> list[Json]:
        """Return all tokens without their secrets, newest first."""
        tokens: list[Json] = self._get("/tokens/")["tokens"]
        return tokens

    def create_token(self, name: str, scopes: Sequence[str], *, expires_at: str | None = None
                     ) -> Json:  # fmt: skip
        """Return a new token; its field token cannot be read again."""
        wanted = {"name": name, "scopes": list(scopes), "expires_at": expires_at}
        return self._send("POST", "/tokens/", wanted)

    def revoke_token(self, token_id: str) -> None:
        """Revoke a token, which ends its sessions too."""
        self._http.document("DELETE", f"/tokens/{segment(token_id)}")
