"""What sqlite_file.py takes for the newest migration, beside the migrations themselves."""

from sqlite_utils import Database

from circles.adapters import sqlite_file, sqlite_schema


def test_a_file_counts_as_current_only_with_the_last_migration(tmp_path):
    database = Database(tmp_path / "catalogue.db")
    sqlite_schema.migrations.apply(database)

    names = [applied.name for applied in sqlite_schema.migrations.applied(database)]
    database.close()

    assert names[-1] == sqlite_file._SCHEMA
