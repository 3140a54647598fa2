"""Read COCO label files as the usual tools write them. They are checked before any computation."""

import json
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, TypeGuard
from urllib.parse import unquote

LABEL_FILES = ("_annotations.coco.json", "annotations.json", "result.json", "labels.json")
"""The names that Roboflow, this project, Label Studio and FiftyOne use."""
SUBSET_FILES = "annotations/instances_*.json"
"""The names that CVAT uses, one file for each subset, as the COCO data set itself does."""

Json = dict[str, Any]


class DatasetError(Exception):
    """The folder cannot be evaluated on. The message gives the reason and names the file."""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """
    One label file that has passed the checks.

    images: each with an id and a file_name.
    labels: of each image id, each with a usable bbox.
    subset: CVAT's name for it ("default", "train"), "" for the other tools.
    """

    images: list[Json]
    labels: dict[int | str, list[Json]]
    subset: str


def read_label_files(folder: Path) -> list[LabelFile]:
    """Read the label files of a folder. Raises DatasetError."""
    files = [folder / name for name in LABEL_FILES if (folder / name).is_file()][:1]
    files = files or sorted(folder.glob(SUBSET_FILES))
    if not files:
        names = ", ".join((*LABEL_FILES, SUBSET_FILES))
        raise DatasetError(f"{folder} holds none of the label files {names}.")
    return [_read(file) for file in files]


def _read(file: Path) -> LabelFile:
    content = _parse(file)
    images, labels = content.get("images"), content.get("annotations") or []
    if not (_is_list_of_objects(images) and _is_list_of_objects(labels)):
        raise DatasetError(
            f"{file} is not in COCO form: 'images' and 'annotations' must be lists of objects."
        )
    return LabelFile(images, _group(file, images, labels), _subset(file))


def _parse(file: Path) -> Json:
    try:
        # Bytes, because json then finds UTF-8 behind a byte order mark, and UTF-16, by itself.
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{file} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise DatasetError(f"{file} is not in COCO form: it must be an object with 'images'.")
    return content


def _is_list_of_objects(value: Any) -> TypeGuard[list[Json]]:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _subset(file: Path) -> str:
    return file.stem.removeprefix("instances_") if file.parent.name == "annotations" else ""


def _group(file: Path, images: list[Json], labels: list[Json]) -> dict[int | str, list[Json]]:
    """Return the labels by image id, after checking both."""
    groups: dict[int | str, list[Json]] = {}
    for image in images:
        image_id, name = image.get("id"), image.get("file_name")
        if not isinstance(image_id, int | str) or not isinstance(name, str) or not name:
            raise DatasetError(
                f"{file}: an image needs an 'id' and a 'file_name', but one is {_shorten(image)}."
            )
        if image_id in groups:
            raise DatasetError(f"{file}: two images have the id {image_id!r}.")
        groups[image_id] = []
    for label in labels:
        image_id = label.get("image_id")
        if not isinstance(image_id, int | str) or image_id not in groups:
            raise DatasetError(
                f"{file}: the label {_shorten(label)} belongs to an image that is not listed."
            )
        _check_label(file, label)
        groups[image_id].append(label)
    return groups


def _check_label(file: Path, label: Json) -> None:
    """Raise DatasetError unless bbox is usable, and centroid and radius if given."""
    if not (_are_numbers(label.get("bbox"), 4) and min(label["bbox"][2:]) > 0):
        raise DatasetError(
            f"{file}: the label {_shorten(label)} needs a 'bbox' of four numbers, "
            "with a width and a height above 0."
        )
    if label.get("centroid") is not None and not _are_numbers(label["centroid"], 2):
        raise DatasetError(
            f"{file}: the 'centroid' of the label {_shorten(label)} must be two numbers."
        )
    if label.get("radius") is not None and not (
        _are_numbers([label["radius"]], 1) and label["radius"] > 0
    ):
        raise DatasetError(
            f"{file}: the 'radius' of the label {_shorten(label)} must be a number above 0."
        )


def _are_numbers(value: Any, count: int) -> bool:
    """Tell whether value is a list of count numbers below 1e9. NaN and infinity are not."""
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
        and all(abs(each) < 1e9 for each in value)
    )


def _shorten(entry: Json) -> str:
    text = json.dumps(entry)
    return text if len(text) <= 120 else f"{text[:120]}…"


def find_picture(folder: Path, name: str, subset: str = "") -> Path | None:
    """
    Return the file of a picture, or None if it does not exist.

    Labels may name a picture as its tool saw it: with the backslashes of Windows, escaped as in
    a URL (Label Studio), or below folders of another machine. So the name is tried as it is,
    then decoded, then without its first folders, one after the other, in every place where one
    of the tools puts pictures.
    """
    places = [
        folder,
        folder / "images",
        folder / "images" / subset,
        folder / subset,
        folder / "data",
    ]
    names = [Path(name), *_shorter_names(name), *_shorter_names(unquote(name))]
    for tried in names:
        for place in places:
            if _is_file(place / tried):
                return place / tried
    return None


def _shorter_names(name: str) -> list[Path]:
    """
    Return ever shorter forms of the path.

    The first has forward slashes, without drive and ".."; each next one lacks one more leading
    folder.
    """
    path = PureWindowsPath(name)
    parts = [part for part in path.parts if part not in (path.anchor, "..")]
    return [Path(*parts[start:]) for start in range(len(parts))]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or that the file system cannot encode
        return False
