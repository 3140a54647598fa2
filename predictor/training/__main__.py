"""
Train the detector through the stages of the plan.

A run resumes where an earlier one was stopped.
"""

import argparse
import os
from functools import partial
from pathlib import Path

import torch

from predictor.training.data.batches import Batches
from predictor.training.data.crops import Crop
from predictor.training.data.negatives import (
    GROUNDS,
    foliage,
    gather,
    pages,
    patterns,
    read_negatives,
    render_together,
    signs,
)
from predictor.training.data.photographs import Photograph, read_split
from predictor.training.data.scenes import SceneStock, render_stock
from predictor.training.loop import Trainer
from predictor.training.plan import (
    EMPTIES,
    FOLIAGE,
    PAGES,
    PATTERNS,
    PLAN,
    SCENE_COUNT,
    SCENE_SEED,
    SIGNS,
    WARM_STAGE,
)

Negatives = dict[str, list[Crop]]
"""Borrowed pictures with nothing round, by subfolder."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m predictor.training", description=__doc__)
    parser.add_argument(
        "data", type=Path, help="folder of folders with annotations.json and images/"
    )
    parser.add_argument(
        "--backgrounds", type=Path, default=Path("backgrounds"), help="what make backgrounds fills"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(".work/training"),
        help="scenes, checkpoint and log go here",
    )
    parser.add_argument(
        "--start", type=Path, help="begin with the last stage, from the weights of this ONNX file"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def main() -> None:
    """Run every stage that the checkpoint has not finished yet."""
    arguments = _arguments()
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    photographs, validation = (read_split(arguments.data, side) for side in ("train", "validation"))
    borrowed = {name: list(read_negatives(arguments.backgrounds / name)) for name in EMPTIES}
    scenes = _scenes(photographs, borrowed, arguments)
    empty = _empty(borrowed, arguments.backgrounds, arguments.threads)
    on_gpu = torch.cuda.is_available()
    # a CPU that trains has no cores to spare for more than one loader
    trainer = Trainer(torch.device("cuda" if on_gpu else "cpu"), arguments.threads if on_gpu else 1)
    checkpoint = arguments.work / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
    elif arguments.start:
        trainer.start_from(arguments.start, WARM_STAGE, photographs)
    names = [stage.name for stage in PLAN]
    for stage in PLAN[names.index(trainer.stage or names[0]) :]:
        batches = Batches(stage.batch_seed, stage.steps, scenes, photographs, empty, stage.mixture)
        trainer.run(stage, batches, validation, arguments.work)


def _scenes(
    photographs: list[Photograph], borrowed: Negatives, arguments: argparse.Namespace
) -> SceneStock:
    grounds = [crop for name in GROUNDS for crop in borrowed[name]]
    materials = gather(photographs, grounds, arguments.backgrounds)
    folder = arguments.work / f"scenes-{SCENE_SEED}-{SCENE_COUNT}"
    return render_stock(folder, SCENE_SEED, SCENE_COUNT, materials, arguments.threads)


def _empty(borrowed: Negatives, backgrounds: Path, workers: int) -> list[Crop]:
    """Return every picture with nothing round, as often as it counts."""
    photographs = [crop for name, times in EMPTIES.items() for crop in borrowed[name] * times]
    walls = [crop for name in GROUNDS for crop in borrowed[name]]
    kinds = {
        pages: PAGES,
        partial(signs, backgrounds, walls): SIGNS,
        patterns: PATTERNS,
        foliage: FOLIAGE,
    }
    return [*photographs, *render_together(kinds, workers)]


if __name__ == "__main__":
    main()
