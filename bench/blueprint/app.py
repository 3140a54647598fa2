"""Serve the routes. One worker: `DATA_DIR=… PREDICTOR_URL=… uvicorn bench.blueprint.app:app`."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx
from fastapi import Depends, FastAPI, HTTPException, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.blueprint.models import DATA_DIR, Base, CircularObject, Image, engine, get_session
from bench.blueprint.schemas import ImageOut, ObjectOut, ObjectSummary

UPLOADS = DATA_DIR / "uploads"
PREDICT_URL = os.environ["PREDICTOR_URL"] + "/v1/models/circles:predict"

SessionOf = Annotated[Session, Depends(get_session)]
CLIENT_PER_UPLOAD = os.environ.get("CLIENT_PER_UPLOAD") == "1"
"""Whether every upload creates an httpx client, as most examples do. The baseline does not."""

predictor = httpx.Client(timeout=30)  # one for all requests, because it keeps connections


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    UPLOADS.mkdir(parents=True, exist_ok=True)
    Base.metadata.create_all(engine)
    yield
    predictor.close()


app = FastAPI(title="Blueprint", lifespan=lifespan)


@app.post("/images/")
def upload_image(file: UploadFile, session: SessionOf) -> ImageOut:
    """Save the picture, call the predictor, save the objects."""
    data = file.file.read()
    path = UPLOADS / f"{uuid4()}{Path(file.filename or '').suffix}"
    path.write_bytes(data)
    image = Image(file_name=file.filename or "", path=str(path), size_bytes=len(data))
    session.add(image)
    session.commit()
    rows = [_to_row(image.image_id, found) for found in _predict(data)]
    session.add_all(rows)
    session.commit()
    return ImageOut(
        image_id=image.image_id,
        file_name=image.file_name,
        size_bytes=image.size_bytes,
        object_count=len(rows),
        created_at=image.created_at,
    )


@app.get("/images/{image_id}/objects")
def list_objects(image_id: str, session: SessionOf) -> list[ObjectSummary]:
    image = session.get(Image, image_id)
    if image is None:
        raise HTTPException(404, "Image not found")
    return [ObjectSummary.of(row) for row in image.objects]


@app.get("/images/{image_id}/objects/{object_id}")
def get_object(image_id: str, object_id: str, session: SessionOf) -> ObjectOut:
    query = select(CircularObject).where(
        CircularObject.image_id == image_id, CircularObject.object_id == object_id
    )
    row = session.scalar(query)
    if row is None:
        raise HTTPException(404, "Object not found")
    return ObjectOut.of(row)


def _predict(data: bytes) -> list[dict[str, Any]]:
    body = {"instances": [{"image_bytes": {"b64": base64.b64encode(data).decode()}}]}
    try:
        with httpx.Client(timeout=30) if CLIENT_PER_UPLOAD else nullcontext(predictor) as client:
            response = client.post(PREDICT_URL, json=body)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise HTTPException(502, "The model service did not answer") from error
    objects: list[dict[str, Any]] = response.json()["predictions"][0]["objects"]
    return objects


def _to_row(image_id: str, found: dict[str, Any]) -> CircularObject:
    x, y, width, height = found["bbox"]
    return CircularObject(
        image_id=image_id,
        bbox_x=x,
        bbox_y=y,
        bbox_width=width,
        bbox_height=height,
        centroid_x=found["centroid"][0],
        centroid_y=found["centroid"][1],
        radius=found["radius"],
        score=found.get("score"),
    )
