"""What several migrations make."""

from sqlite_utils import Database


def create(db: Database, table: str, pk: str, **columns: type) -> None:
    """Create a table of columns that are all required."""
    db.table(table).create({pk: str, **columns}, pk=pk, not_null={pk, *columns}, strict=True)
