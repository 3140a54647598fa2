"""
Number claims apart from attempts, and count looks.

The columns are NULL in older rows, and in rows that older code adds. looks has a row for each
process that decodes an object; it stays if that ends the process.
"""

from sqlite_utils import Database


def apply(db: Database) -> None:
    db.table("images").add_column("claim", int)
    db.table("images").add_column("refused_attempts", int)
    db.table("images").create_index(["status", "attempts", "due_at"])
    db.table("tombstones").add_column("tried_at", str)
    columns = {"object_id": str, "holder": str, "until": str}
    db.table("looks").create(
        columns, pk=("object_id", "holder"), not_null=set(columns), strict=True
    )
