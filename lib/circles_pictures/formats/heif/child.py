"""
Decode one HEIC or AVIF: a script that runs in a process of its own and knows nothing of ours.

Its arguments are "HEIC" or "AVIF", what to write, the bytes of memory and the seconds of CPU time
that it may take after it has read the picture from standard input, and the bytes of the largest
JPEG. Standard output has a line with width and height, and then for "rgb" the pixels, for "jpeg" a
JPEG, for "size" nothing.
"""

import resource
import sys
from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageOps

Decode = Callable[[bytes], Image.Image]

_JPEG_QUALITIES = (92, 80, 60)
_STRIP_ROWS = 64


def main(codec: str, wanted: str, memory_bytes: str, cpu_s: str, most_jpeg_bytes: str) -> None:
    decode = {"HEIC": _decode_heic, "AVIF": _decode_avif}[codec]()
    data = sys.stdin.buffer.read()
    _limit(int(memory_bytes), int(cpu_s))
    image = _on_white(decode(data))
    write = sys.stdout.buffer.write
    write(f"{image.width} {image.height}\n".encode())
    if wanted == "rgb":
        for top in range(0, image.height, _STRIP_ROWS):
            write(_strip(image, top).tobytes())
    elif wanted == "jpeg":
        write(_as_jpeg(image, int(most_jpeg_bytes)))


def _decode_heic() -> Decode:
    """Import libheif. It turns a picture upright by itself."""
    import pi_heif  # type: ignore[import-untyped]

    pi_heif.options.DECODE_THREADS = 1

    def decode(data: bytes) -> Image.Image:
        decoded = pi_heif.open_heif(data, remove_stride=False)
        pixels, mode = decoded.data, decoded.mode  # the size may change while it is decoded
        mode = "I;16" if mode.endswith("16") else mode
        image = Image.frombuffer(mode, decoded.size, pixels, "raw", mode, decoded.stride, 1)
        if mode == "I;16":  # deeper grey is not made 8 bits by the library
            return image.point(lambda value: value * (1 / 256)).convert("L")
        return image

    return decode


def _decode_avif() -> Decode:
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1

    def decode(data: bytes) -> Image.Image:
        image = AvifImagePlugin.AvifImageFile(BytesIO(data))
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return image

    return decode


def _limit(memory_bytes: int, cpu_s: int) -> None:
    """Let what goes further end in MemoryError, or at least in this process's end."""
    try:
        with open("/proc/self/statm") as file:
            most = int(file.read().split()[0]) * resource.getpagesize() + memory_bytes
    except OSError:  # not Linux: a developer's machine
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _strip(image: Image.Image, top: int) -> Image.Image:
    return image.crop((0, top, image.width, min(top + _STRIP_ROWS, image.height)))


def _on_white(image: Image.Image) -> Image.Image:
    """Return RGB. Strip by strip, so that no second picture exists in four channels."""
    if image.mode not in ("RGBA", "LA", "RGBa", "La"):
        return image if image.mode == "RGB" else image.convert("RGB")
    rgb = Image.new("RGB", image.size)
    for top in range(0, image.height, _STRIP_ROWS):
        strip = _strip(image, top)
        rgba = (strip.convert("LA") if strip.mode == "La" else strip).convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        rgb.paste(Image.alpha_composite(paper, rgba).convert("RGB"), (0, top))
    return rgb


def _as_jpeg(image: Image.Image, most_bytes: int) -> bytes:
    for quality in _JPEG_QUALITIES:
        out = BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= most_bytes:
            return out.getvalue()
    raise ValueError("the picture is too large as a JPEG")


if __name__ == "__main__":
    main(*sys.argv[1:])
