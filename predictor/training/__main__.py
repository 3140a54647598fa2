"""Train the detector through all stages of the plan, resuming where an earlier run was stopped."""

import argparse
import os
from pathlib import Path

import torch

from predictor.training.batches import Batches
from predictor.training.export import Calibration, export
from predictor.training.loop import Trainer
from predictor.training.materials import gather, pages, patterns, read_negatives
from predictor.training.photographs import Photograph, read_split
from predictor.training.plan import PLAN, Stage
from predictor.training.stock import render_stock


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m predictor.training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of folders with annotations.json and images/")
    parser.add_argument("--backgrounds", type=Path, default=Path("backgrounds"), help="what borrowed.py fills")
    parser.add_argument("--work", type=Path, default=Path(".work/training"), help="scenes, checkpoint and log go here")
    parser.add_argument("--weights", type=Path, help="an exported file to begin from, with a stage of --stage")
    parser.add_argument("--stage", choices=[stage.name for stage in PLAN], default=PLAN[0].name)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def main() -> None:
    """Run every stage that the checkpoint has not finished yet."""
    arguments = _arguments()
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    trainer = Trainer(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    checkpoint = arguments.work / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
    names = [stage.name for stage in PLAN]
    for stage in PLAN[names.index(trainer.stage or arguments.stage) :]:
        photographs, validation = (read_split(arguments.data, s, stage.moved) for s in ("train", "validation"))
        batches = _batches(stage, photographs, arguments)
        if stage.name != trainer.stage:
            trainer.begin(stage, batches, _weights(trainer, stage, arguments))
        trainer.run(stage, batches, validation, arguments.work)


def _batches(stage: Stage, photographs: list[Photograph], arguments: argparse.Namespace) -> Batches:
    grounds, others = (
        [crop for name in names for crop in read_negatives(arguments.backgrounds / name)]
        for names in (stage.backgrounds, stage.empties)
    )
    folder = arguments.work / f"scenes-{stage.scene_seed}-{stage.scene_count}"
    materials = gather(photographs, grounds, arguments.backgrounds)
    scenes = render_stock(folder, stage.scene_seed, stage.scene_count, materials, stage.recipe, arguments.threads)
    empty = [*[*grounds, *others] * stage.repeats, *pages(stage.pages), *patterns(stage.patterns)]
    return Batches(stage.batch_seed, stage.steps, scenes, photographs, empty, stage.mixture)


def _weights(trainer: Trainer, stage: Stage, arguments: argparse.Namespace) -> Path:
    """The file that an unfolded stage begins from: the one given, or the stage before's, exported."""
    if arguments.weights and stage.name == arguments.stage:
        return Path(arguments.weights)
    target: Path = arguments.work / "before.onnx"
    if stage.unfolded:
        export(trainer.average, target, Calibration(), min_score=0.5, date="before")
    return target


if __name__ == "__main__":
    main()
