"""Different pictures by the number."""

from tests.functions.pictures import draw, encode


def picture(number):
    """Return a small PNG that no other number gives."""
    each = draw()
    each.putpixel((number % 120, 60), (number % 251, 1, number // 251))
    return encode(each, "PNG")


def fill(folder, count, start=0):
    """Write so many different pictures into a folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}.png" for number in range(start, start + count)]
    for number, path in enumerate(paths, start):
        path.write_bytes(picture(number))
    return paths
