"""
A custom model on the real KServe SDK: finds the one bright disc of a dark picture, in V1 as JSON and as a raw body.

Run it: python -m tests.interop.kserve_model --http_port=8086 --enable_grpc=false
"""

import base64
import io

import numpy as np
from kserve import Model, ModelServer
from kserve.errors import InvalidInput
from PIL import Image, ImageOps, UnidentifiedImageError


class BrightDisc(Model):
    """Answers in the form of the design: model_version, width, height, objects."""

    def __init__(self, name):
        super().__init__(name)
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        if isinstance(payload, bytes):
            return {"predictions": [answer(payload)]}
        try:
            pictures = [base64.b64decode(each["image_bytes"]["b64"]) for each in payload["instances"]]
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("instances must be image_bytes with b64") from error
        return {"predictions": [answer(each) for each in pictures]}


def answer(data):
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
    except UnidentifiedImageError as error:
        raise InvalidInput("not a picture") from error
    return {"model_version": "bright-1", "width": image.width, "height": image.height, "objects": discs(image)}


def discs(image):
    rows, columns = np.nonzero(np.asarray(image) > 127)
    if not rows.size:
        return []
    x, y = int(columns.min()), int(rows.min())
    width, height = int(columns.max()) + 1 - x, int(rows.max()) + 1 - y
    centroid, radius = [x + width / 2, y + height / 2], (width + height) / 4
    return [{"bbox": [x, y, width, height], "centroid": centroid, "radius": radius, "score": 0.9, "label": "circle"}]


if __name__ == "__main__":
    ModelServer().start([BrightDisc("circles")])
