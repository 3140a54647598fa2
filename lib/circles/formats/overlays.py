"""Write an overlay as SVG 1.1: the picture, and what is drawn on it."""

from base64 import b64encode
from collections.abc import Iterator
from html import escape

from circles.domain.exports.drawings import Diamond, Drawing, Label, Ring

_FONT = 'font-family="sans-serif"'


def write_svg(drawing: Drawing, jpeg: bytes, title: str) -> bytes:
    """
    Return an overlay, in pixels of the upright picture.

    Styles are attributes, because the policy that it is sent with forbids style sheets.

    Args:
        jpeg: the picture, in any size.
        title: any text; it is escaped.
    """
    return "\n".join(_lines(drawing, jpeg, title)).encode()


def _lines(drawing: Drawing, jpeg: bytes, title: str) -> Iterator[str]:
    size = f'width="{drawing.width}" height="{drawing.height}"'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' {size} viewBox="0 0 {drawing.width} {drawing.height}">'
    )
    yield f"<title>{_escape(title)}</title>"
    picture = b64encode(jpeg).decode()
    yield (
        f'<image {size} preserveAspectRatio="none" xlink:href="data:image/jpeg;base64,{picture}"/>'
    )
    for ring in drawing.rings:
        yield from _write_ring(ring, drawing.edge)
    for diamond in drawing.diamonds:
        yield _write_diamond(diamond, drawing.edge)
    yield f'<g {_FONT} fill="#fff" stroke="#000" stroke-linejoin="round" paint-order="stroke">'
    yield from (_write_label(label) for label in drawing.labels)
    yield "</g>"
    if drawing.caption:
        yield from _write_caption(drawing, drawing.caption)
    yield "</svg>\n"


def _write_ring(ring: Ring, edge: float) -> Iterator[str]:
    circle = f'cx="{ring.x:.6g}" cy="{ring.y:.6g}" r="{ring.radius:.6g}"'
    gap = f' stroke-dasharray="{0.6 * ring.dash:.4g} {0.4 * ring.dash:.4g}"' if ring.dash else ""
    yield f'<g fill="none"{gap}><title>{_escape(ring.note)}</title>'
    dark = f'stroke="#000" stroke-opacity="0.6" stroke-width="{ring.line + 2 * edge:.4g}"'
    yield f"<circle {circle} {dark}/>"
    yield f'<circle {circle} stroke="{ring.colour}" stroke-width="{ring.line:.4g}"/></g>'


def _write_diamond(diamond: Diamond, edge: float) -> str:
    x, y, size = diamond.x, diamond.y, diamond.size
    corners = ((x, y - size), (x + size, y), (x, y + size), (x - size, y))
    points = " ".join(f"{u:.6g},{v:.6g}" for u, v in corners)
    line = f'stroke="#000" stroke-width="{edge:.4g}"'
    return f'<polygon points="{points}" fill="{diamond.colour}" {line}/>'


def _write_label(label: Label) -> str:
    middle = ' text-anchor="middle" dominant-baseline="central"' if label.centred else ""
    at = f'x="{label.x:.6g}" y="{label.y:.6g}" font-size="{label.size:.4g}"'
    return f'<text {at} stroke-width="{label.size / 5:.4g}"{middle}>{_escape(label.text)}</text>'


def _write_caption(drawing: Drawing, caption: str) -> Iterator[str]:
    size, width = drawing.text_size, drawing.width
    top = drawing.height - 2 * size
    yield f'<rect y="{top:.6g}" width="{width}" height="{2 * size:.4g}" fill-opacity="0.7"/>'
    at = f'x="{size / 2:.4g}" y="{top + size:.6g}" font-size="{size:.4g}"'
    yield f'<text {at} fill="#fff" {_FONT} dominant-baseline="central">{_escape(caption)}</text>'


def _escape(text: str) -> str:
    """Return text for XML, without what XML cannot have (XML 1.0, 2.2)."""
    return escape("".join(letter if letter.isprintable() else " " for letter in text))
