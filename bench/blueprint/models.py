"""Define the tables, with SQLAlchemy's ORM on one SQLite file."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    sessionmaker,
)

DATA_DIR = Path(os.environ["DATA_DIR"])


class Base(DeclarativeBase):
    pass


def _create_id() -> str:
    return str(uuid4())


class Image(Base):
    __tablename__ = "images"

    image_id: Mapped[str] = mapped_column(primary_key=True, default=_create_id)
    file_name: Mapped[str]
    path: Mapped[str]
    size_bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    objects: Mapped[list["CircularObject"]] = relationship(back_populates="image")


class CircularObject(Base):
    __tablename__ = "objects"

    object_id: Mapped[str] = mapped_column(primary_key=True, default=_create_id)
    image_id: Mapped[str] = mapped_column(ForeignKey("images.image_id"), index=True)
    bbox_x: Mapped[int]
    bbox_y: Mapped[int]
    bbox_width: Mapped[int]
    bbox_height: Mapped[int]
    centroid_x: Mapped[float]
    centroid_y: Mapped[float]
    radius: Mapped[float]
    score: Mapped[float | None]
    image: Mapped[Image] = relationship(back_populates="objects")


engine = create_engine(
    f"sqlite:///{DATA_DIR / 'blueprint.db'}", connect_args={"check_same_thread": False}
)
new_session = sessionmaker(engine, expire_on_commit=False)


def get_session() -> Iterator[Session]:
    """Give one session to a request, as a FastAPI dependency."""
    with new_session() as session:
        yield session
