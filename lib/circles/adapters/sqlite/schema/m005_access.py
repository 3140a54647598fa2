"""
Add tokens, sessions and usage. A digest is that of a secret, which is not stored.

usage counts what a principal did in its last minute.
"""

from sqlite_utils import Database

from circles.adapters.sqlite.schema.tables import create


def apply(db: Database) -> None:
    create(db, "tokens", "token_id", digest=str, principal=str, scopes=str, created_at=str)
    for name in ("expires_at", "revoked_at", "used_at", "created_by"):
        db.table("tokens").add_column(name, str)
    create(db, "sessions", "session_id", digest=str, token_id=str, expires_at=str)
    db.table("sessions").create_index(["token_id"])
    db.table("sessions").create_index(["expires_at"])
    columns = {"principal": str, "kind": str, "minute": str, "count": int}
    db.table("usage").create(columns, pk=("principal", "kind"), not_null=set(columns), strict=True)
