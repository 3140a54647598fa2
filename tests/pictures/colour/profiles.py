"""Write ICC profiles (ICC.1:2022) and compute what their colours are in sRGB, without LittleCMS."""

import struct

import numpy

V2, V4 = 0x02400000, 0x04400000
D50 = numpy.array([0.9642, 1.0, 0.8249])
D65 = (0.3127, 0.3290)
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_PRIMARIES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
BRADFORD = numpy.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
INKS = {"C": (55, -37, -50), "M": (48, 74, -3), "Y": (89, -5, 93), "K": (0, 0, 0)}
"""Lab of full inks. Black is 0, so that no black point is moved."""


def _to_xyz(primaries, white=D65):
    """Return the matrix from linear RGB to XYZ under D50."""
    columns = numpy.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    x, y = white
    xyz = numpy.array([x / y, 1, (1 - x - y) / y])
    matrix = columns * numpy.linalg.solve(columns, xyz)
    gains = (BRADFORD @ D50) / (BRADFORD @ xyz)
    return numpy.linalg.inv(BRADFORD) @ numpy.diag(gains) @ BRADFORD @ matrix


def build(space, tags, *, version=V2, kind=b"mntr", connection=b"XYZ "):
    """Return a profile with these tags."""
    at, table, bodies = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        body += bytes(-len(body) % 4)
        table += name + struct.pack(">II", at + len(bodies), len(body))
        bodies += body
    size = at + len(bodies)
    head = struct.pack(">I4xI", size, version) + kind + space + connection + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + _fixed(*D50)
    return head.ljust(128, b"\0") + table + bodies


def _fixed(*numbers):
    """Return s15Fixed16 numbers."""
    return b"".join(struct.pack(">i", round(each * 65536)) for each in numbers)


def power(gamma):
    """Return a curve that is a power."""
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def parametric(*parameters):
    """Return the curve of sRGB and its like, which version 4 has."""
    return b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(*parameters)


def rgb(primaries, curve, *, version=V2, more=None):
    """Return a profile of a display."""
    matrix = _to_xyz(primaries)
    tags = {
        name + b"XYZ": b"XYZ " + bytes(4) + _fixed(*matrix[:, column])
        for column, name in enumerate((b"r", b"g", b"b"))
    }
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    return build(b"RGB ", {b"wtpt": _white(), **tags, **(more or {})}, version=version)


def grey(gamma):
    """Return a profile of grey."""
    return build(b"GRAY", {b"wtpt": _white(), b"kTRC": power(gamma)})


def cmyk(*, version=V2):
    """Return a profile of four inks. Its perceptual table shows another, paler scene."""
    tags = {b"wtpt": _white(), b"A2B0": _ink_table(pale=0.5), b"A2B1": _ink_table()}
    return build(b"CMYK", tags, version=version, kind=b"prtr", connection=b"Lab ")


def _ink_table(pale=1.0):
    """Return Lab of every combination of full inks (lut16Type), with a share of its colours."""
    steps = struct.pack(">HH", 0, 65535)
    table = b"mft2" + struct.pack(">4xBBBx", 4, 3, 2) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table += struct.pack(">HH", 2, 2) + 4 * steps
    for number in range(16):
        chosen = [ink for bit, ink in zip((8, 4, 2, 1), INKS, strict=True) if number & bit]
        light, a, b = mix(chosen)
        table += struct.pack(">HHH", round(light * 652.8), round(pale * a * 256) + 32768,
                             round(pale * b * 256) + 32768)  # fmt: skip
    return table + 3 * steps


def inverting():
    """Return multi-process elements that make other colours than the matrix does."""
    numbers = struct.pack(">12f", -1, 0, 0, 0, -1, 0, 0, 0, -1, 1, 1, 1)
    element = b"matf" + struct.pack(">4xHH", 3, 3) + numbers
    return b"mpet" + struct.pack(">4xHHIII", 3, 3, 1, 24, len(element)) + element


def _white():
    return b"XYZ " + bytes(4) + _fixed(*D50)


def mix(inks):
    """Return Lab of full inks over each other: as light as their product, colours added."""
    light, a, b = 100.0, 0.0, 0.0
    for ink in inks:
        light *= INKS[ink][0] / 100
        a, b = a + INKS[ink][1], b + INKS[ink][2]
    return (light, a * light / 100, b * light / 100)


def rgb_to_srgb(colour, primaries, decode):
    """Return sRGB levels of a colour, as unrounded numbers."""
    linear = numpy.array([decode(level / 255) for level in colour])
    return xyz_to_srgb(_to_xyz(primaries) @ linear)


def lab_to_srgb(light, a, b):
    """Return sRGB levels of CIE Lab under D50."""
    y = (light + 16) / 116
    steps = numpy.array([y + a / 500, y, y - b / 200])
    parts = numpy.where(steps > 6 / 29, steps**3, 3 * (6 / 29) ** 2 * (steps - 4 / 29))
    return xyz_to_srgb(parts * D50)


def xyz_to_srgb(xyz):
    """Return sRGB levels of XYZ under D50 (IEC 61966-2-1)."""
    linear = numpy.clip(numpy.linalg.inv(_to_xyz(SRGB_PRIMARIES)) @ xyz, 0, 1)
    low, high = 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    return 255 * numpy.where(linear <= 0.0031308, low, high)


def decode_srgb(value):
    """Return the linear value of an sRGB one, both 0 to 1."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
