"""
Render scenes once, on all cores, and keep them on disk.

They form one array, so that an epoch does not render again.
"""

import json
import multiprocessing
from pathlib import Path

import numpy as np
from rich.progress import track

from predictor.training.data.crops import Crop
from predictor.training.rendering.materials import Materials
from predictor.training.rendering.scenes import Scene, render_scene

SCENE_SIDE_PX = 448

# Of this process. It is set before the workers fork, which is cheaper than sending it.
_materials = Materials()


class SceneStock:
    """
    Scenes 0..count-1 of one seed, memory-mapped from folder.

    Scene i depends on (seed, i), the materials and predictor.training.rendering.recipe alone.
    """

    def __init__(self, folder: Path) -> None:
        self._labels = json.loads((folder / "labels.json").read_text())
        self._pixels = np.lib.format.open_memmap(folder / "pixels.npy", mode="r")

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Crop:
        boxes, ignored = (np.array(v, np.float32).reshape(-1, 4) for v in self._labels[index])
        return Crop(np.asarray(self._pixels[index]), boxes, ignored)


def render_stock(
    folder: Path, seed: int, count: int, materials: Materials, workers: int
) -> SceneStock:
    """Render the scenes into folder unless they are there already."""
    global _materials
    if not (folder / "labels.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shape = (count, SCENE_SIDE_PX, SCENE_SIDE_PX, 3)
        pixels = np.lib.format.open_memmap(
            folder / "pixels.npy", mode="w+", dtype=np.uint8, shape=shape
        )
        _materials, labels = materials, []
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            scenes = pool.imap(_render, ((seed, index) for index in range(count)), chunksize=8)
            for index, scene in enumerate(track(scenes, "scenes", total=count)):
                pixels[index] = scene.pixels
                labels.append((scene.boxes.tolist(), scene.ignored.tolist()))
        pixels.flush()
        (folder / "labels.json").write_text(json.dumps(labels))
    return SceneStock(folder)


def _render(key: tuple[int, int]) -> Scene:
    return render_scene(np.random.default_rng(key), SCENE_SIDE_PX, _materials)
