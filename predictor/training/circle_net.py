"""
Define the network.

Residual stages go down to stride 64, a top-down path back to stride 4, and one head gives
centre and box.
"""

from torch import Tensor, nn
from torch.nn import functional

STRIDE_PX = 4
"""Pixels of the input per cell of the output."""
SIZE_UNIT_PX = 32.0
"""Width and height are predicted as log(size / SIZE_UNIT_PX)."""
INPUT_MULTIPLE_PX = 64
"""Input height and width must be multiples of the deepest stride."""

_STEM = (16, 24)
# (channels, residual blocks) at strides 4, 8, 16, 32, 64
_STAGES = ((24, 1), (56, 2), (104, 2), (160, 3), (160, 1))
_DECODER = 32
# A fresh network then predicts "nothing here" nearly everywhere: CenterNet, arXiv 1904.07850.
_PRIOR_LOGIT = -4.0


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)), inplace=True)


def _stages() -> nn.ModuleList:
    stages, inputs = [], _STEM[1]
    for index, (channels, blocks) in enumerate(_STAGES):
        down = [] if index == 0 else [_convolution(inputs, channels, 2)]
        stages.append(nn.Sequential(*down, *(_Residual(channels) for _ in range(blocks))))
        inputs = channels
    return nn.ModuleList(stages)


class CircleNet(nn.Module):
    """
    Map pictures to one prediction per 4 x 4 px cell.

    In: float, shape (batch, 3, height, width), RGB scaled by (value - 127) / 128, both sides
    multiples of 64.
    Out: float, shape (batch, 5, height / 4, width / 4). The channels are the logit that a
    circle's centre is in the cell, log(width / 32 px), log(height / 32 px), and the centre's
    offset (x, y) from the cell's middle in cells.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_convolution(3, _STEM[0], 2), _convolution(_STEM[0], _STEM[1], 2))
        self.stages = _stages()
        self.lateral = nn.ModuleList(nn.Conv2d(channels, _DECODER, 1) for channels, _ in _STAGES)
        self.merge = nn.ModuleList(_convolution(_DECODER, _DECODER) for _ in _STAGES[1:])
        self.head = _convolution(_DECODER, _DECODER)
        self.out = nn.Conv2d(_DECODER, 5, 1)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]
        self.out.bias.data[0] = _PRIOR_LOGIT  # type: ignore[index,union-attr]

    def forward(self, pictures: Tensor) -> Tensor:
        x, levels = self.stem(pictures), []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        y = self.lateral[-1](levels[-1])
        for index in range(len(levels) - 2, -1, -1):
            y = functional.interpolate(y, scale_factor=2.0, mode="nearest")
            y = self.merge[index](y + self.lateral[index](levels[index]))
        return self.out(self.head(y))  # type: ignore[no-any-return]
