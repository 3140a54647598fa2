"""
Run the training loop of one stage.

It has steps, a running average of the weights, checkpoints to resume from and a log.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.progress import track
from torch.utils.data import DataLoader, Subset

from predictor.training.circle_net import CircleNet
from predictor.training.data.batches import Batch, Batches
from predictor.training.data.photographs import Photograph
from predictor.training.loss import Loss, detection_loss
from predictor.training.plan import Stage
from predictor.training.start import load_exported
from predictor.training.validation import as_input, validate

_WARM_UP_STEPS = 60
_CLIP_NORM = 10.0
_LOG_EVERY, _VALIDATE_EVERY = 25, 1500
_SAVE_EVERY_S = 60.0
"""A stopped run loses at most this much."""


class Trainer:
    """The state of a checkpoint: network, its running average, optimiser, step of the stage."""

    def __init__(self, device: torch.device, workers: int) -> None:
        self.device, self._workers = device, workers
        self.network = CircleNet().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = CircleNet().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=1e-3, weight_decay=1e-3)
        self.stage, self.step = "", 0

    def save(self, path: Path) -> None:
        """Write the checkpoint atomically. A kill leaves the old or the new one."""
        parts = {
            name: getattr(self, name).state_dict() for name in ("network", "average", "optimiser")
        }
        torch.save({**parts, "stage": self.stage, "step": self.step}, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def load(self, path: Path) -> None:
        """Resume from a checkpoint."""
        parts = torch.load(path, map_location=self.device, weights_only=True)
        for name in ("network", "average", "optimiser"):
            getattr(self, name).load_state_dict(parts[name])
        self.stage, self.step = parts["stage"], parts["step"]

    def start_from(self, weights: Path, stage: str, photographs: Sequence[Photograph]) -> None:
        """Begin with a stage, from the weights of an exported ONNX file."""
        network = CircleNet()  # on the CPU
        load_exported(network, weights, [photo.pixels for photo in photographs])
        for each in (self.network, self.average):
            each.load_state_dict(network.state_dict())
        self.stage, self.step = stage, 0

    def run(
        self, stage: Stage, batches: Batches, validation: list[Photograph], folder: Path
    ) -> None:
        """Train the rest of a stage, or all of a new one. The position in it is self.step."""
        if stage.name != self.stage:
            self.stage, self.step = stage.name, 0
        left = Subset(batches, range(self.step, stage.steps))
        loader = DataLoader(
            left,
            batch_size=None,
            num_workers=self._workers,
            prefetch_factor=4,
            multiprocessing_context="fork",
            pin_memory=self.device.type == "cuda",
            worker_init_fn=_use_one_thread,
        )
        saved = time.monotonic()
        with (folder / "log.jsonl").open("a") as log:
            for batch in track(loader, stage.name, total=stage.steps, completed=self.step):
                started = time.monotonic()
                loss = self._train(stage, batch)
                self.step += 1
                if self.step % _LOG_EVERY == 0:
                    record = {
                        "stage": stage.name,
                        "step": self.step,
                        "step_s": round(time.monotonic() - started, 3),
                        **_parts(loss),
                    }
                    print(json.dumps(record), file=log, flush=True)
                if self.step % _VALIDATE_EVERY == 0 or self.step == stage.steps:
                    figures = {
                        name: asdict(f) for name, f in validate(self.average, validation).items()
                    }
                    print(
                        json.dumps({"stage": stage.name, "step": self.step, "validation": figures}),
                        file=log,
                        flush=True,
                    )
                if time.monotonic() - saved > _SAVE_EVERY_S or self.step == stage.steps:
                    self.save(folder / "checkpoint.pt")
                    saved = time.monotonic()

    def _train(self, stage: Stage, batch: Batch) -> Loss:
        for group in self.optimiser.param_groups:
            group["lr"] = _learning_rate(stage, self.step)
        pictures, *targets = (part.to(self.device, non_blocking=True) for part in batch)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=_has_bfloat16(self.device)):
            output = self.network(as_input(pictures))
        loss = detection_loss(output.float(), *targets)
        self.optimiser.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP_NORM)
        self.optimiser.step()
        self._follow(stage)
        return loss

    @torch.no_grad()
    def _follow(self, stage: Stage) -> None:
        """
        Move the running average.

        It moves quickly at first, so that it forgets where the stage began.
        """
        decay = min(stage.ema_decay, 1 - 1 / (self.step / 3 + 2))
        means, values = (list(each.state_dict().values()) for each in (self.average, self.network))
        floats = [index for index, mean in enumerate(means) if mean.dtype.is_floating_point]
        torch._foreach_lerp_([means[i] for i in floats], [values[i] for i in floats], 1 - decay)
        for mean, value in zip(means, values, strict=True):
            if not mean.dtype.is_floating_point:
                mean.copy_(value)


def _parts(loss: Loss) -> dict[str, float]:
    """Return the parts of the loss. Reading them waits for the device."""
    return {
        name: round(float(getattr(loss, name).detach()), 4)
        for name in ("centre", "size", "offset", "overlap")
    }


def _use_one_thread(_: int) -> None:
    """Keep a worker's OpenCV from starting threads that other workers' compete with."""
    cv2.setNumThreads(1)


def _has_bfloat16(device: torch.device) -> bool:
    """
    Tell whether the device multiplies bfloat16 itself.

    A CPU that only emulates it takes ten times as long.
    """
    cpu = Path("/proc/cpuinfo")
    return device.type == "cuda" or (cpu.exists() and "avx512_bf16" in cpu.read_text())


def _learning_rate(stage: Stage, step: int) -> float:
    warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
    curve = 0.5 * (1 + np.cos(np.pi * step / stage.steps))
    return float(
        warm * (stage.learning_rate_end + (stage.learning_rate - stage.learning_rate_end) * curve)
    )
