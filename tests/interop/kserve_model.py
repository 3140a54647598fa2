"""
Serve a custom model on the real KServe SDK, over V1 as JSON and as a raw body.

It finds the bright disc of a dark picture. Run it:
python -m tests.interop.kserve_model --http_port=8086 --enable_grpc=false
"""

import base64
import io

import numpy as np
from kserve import Model, ModelServer
from kserve.errors import InvalidInput
from PIL import Image, ImageOps, UnidentifiedImageError


class BrightDisc(Model):
    """A model that answers with model_version, width, height and objects."""

    def __init__(self, name):
        super().__init__(name)
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        if isinstance(payload, bytes):
            return {"predictions": [find_disc(payload)]}
        try:
            encoded = [each["image_bytes"]["b64"] for each in payload["instances"]]
            pictures = [base64.b64decode(text) for text in encoded]
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("instances must be image_bytes with b64") from error
        return {"predictions": [find_disc(each) for each in pictures]}


def find_disc(data):
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
    except UnidentifiedImageError as error:
        raise InvalidInput("not a picture") from error
    return {
        "model_version": "bright-1",
        "width": image.width,
        "height": image.height,
        "objects": measure_disc(image),
    }


def measure_disc(image):
    rows, columns = np.nonzero(np.asarray(image) > 127)
    if not rows.size:
        return []
    x, y = int(columns.min()), int(rows.min())
    width, height = int(columns.max()) + 1 - x, int(rows.max()) + 1 - y
    centroid, radius = [x + width / 2, y + height / 2], (width + height) / 4
    return [
        {
            "bbox": [x, y, width, height],
            "centroid": centroid,
            "radius": radius,
            "score": 0.9,
            "label": "circle",
        }
    ]


if __name__ == "__main__":
    ModelServer().start([BrightDisc("circles")])
