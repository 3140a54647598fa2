"""Index what clients list and send again."""

from sqlite_utils import Database


def apply(db: Database) -> None:
    db.table("outbox").create_index(["state", "position"])
    db.table("outbox").create_index(["event_id"])
