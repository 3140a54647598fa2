"""Define the responses as pydantic models."""

from datetime import datetime

from pydantic import BaseModel

from bench.blueprint.models import CircularObject


class ImageOut(BaseModel):
    image_id: str
    file_name: str
    size_bytes: int
    object_count: int
    created_at: datetime


class ObjectSummary(BaseModel):
    object_id: str
    bbox: tuple[int, int, int, int]

    @classmethod
    def of(cls, row: CircularObject) -> "ObjectSummary":
        return cls(
            object_id=row.object_id, bbox=(row.bbox_x, row.bbox_y, row.bbox_width, row.bbox_height)
        )


class ObjectOut(ObjectSummary):
    image_id: str
    centroid: tuple[float, float]
    radius: float
    score: float | None

    @classmethod
    def of(cls, row: CircularObject) -> "ObjectOut":
        return cls(
            object_id=row.object_id,
            image_id=row.image_id,
            bbox=(row.bbox_x, row.bbox_y, row.bbox_width, row.bbox_height),
            centroid=(row.centroid_x, row.centroid_y),
            radius=row.radius,
            score=row.score,
        )
