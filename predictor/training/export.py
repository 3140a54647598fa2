"""
Export the trained weights as an ONNX file that takes bytes.

It contains calibration, version and threshold.
"""

import hashlib
import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from predictor.training.circle_net import SIZE_UNIT_PX, CircleNet

_OPSET = 17


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    logit' = slope * logit + shift + tilt * min(0, log(size / SMALL_PX)).

    This is Platt's line, with less confidence in small things. The size is the geometric mean
    of width and height in px of the view. A thing smaller than SMALL_PX may be a letter.
    """

    slope: float = 1.0
    shift: float = 0.0
    tilt: float = 0.0


SMALL_PX = 28.0


class Served(nn.Module):
    """
    The network as served.

    In: uint8, (batch, height, width, 3) RGB.
    Out: as CircleNet, its centre logit calibrated.
    """

    def __init__(self, network: CircleNet, calibration: Calibration) -> None:
        super().__init__()
        self.network, self.calibration = network, calibration

    def forward(self, pixels: Tensor) -> Tensor:
        output = self.network((pixels.permute(0, 3, 1, 2).float() - 127) / 128)
        small = (output[:, 1:3].mean(1, keepdim=True) - math.log(SMALL_PX / SIZE_UNIT_PX)).clamp(
            max=0
        )
        c = self.calibration
        return torch.cat([output[:, :1] * c.slope + c.shift + small * c.tilt, output[:, 1:]], 1)


def export(
    network: CircleNet, target: Path, calibration: Calibration, *, min_score: float, date: str
) -> str:
    """
    Write target and target.sha256 and return the version.

    It reads "net-<date>-<first 8 of the weights' digest>".
    """
    served = Served(network, calibration).eval()
    axes = {
        "pixels": {0: "batch", 1: "height", 2: "width"},
        "output": {0: "batch", 2: "rows", 3: "columns"},
    }
    example = torch.zeros(1, 128, 192, 3, dtype=torch.uint8)
    with warnings.catch_warnings():  # the new exporter needs onnxscript, for the same file
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            served, (example,), target, input_names=["pixels"], output_names=["output"],
            dynamic_axes=axes, opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
    model = onnx.load(target)
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    version = f"net-{date}-{digest[:8]}"
    onnx.helper.set_model_props(model, {"version": version, "min_score": f"{min_score:.4f}"})
    onnx.save(model, target)
    checksum = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_suffix(".onnx.sha256").write_text(f"{checksum}  {target.name}\n")
    return version
