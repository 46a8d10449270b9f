"""A picture for each product: one drawing for each kind of product, in the colours of the variant."""

import tomllib
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from training.demo.shop.catalogue import Product
from training.demo.shop.colours import mixed

PAPER, INK = "#fffaf0", "#3d3a36"
ACCENTS = ("#c7764f", "#d9a441", "#7d8f62", "#a85d5d", "#5f7d95")
STROKES = (
    "[class^=x]{fill:none;stroke-width:11;stroke-linecap:round;stroke-linejoin:round}"
    "[class$=t]{stroke-width:5}[class$=wide]{stroke-width:19}.g{fill-opacity:.62}"
)


def picture(product: Product) -> str:
    """An SVG document of 1-3 KB, 400 by 400, titled with the product's name."""
    return drawing(product.picture, product.title, product.colour, product.step)


def drawing(kind: str, title: str, colour: str, step: int = 0) -> str:
    """One of `drawings.toml` in shades of a hex colour; `step` 0-2 is its quality, in finer materials."""
    fills = "".join(
        f".{c}{{fill:{tone}}}.x{c}{{stroke:{tone}}}" for c, tone in _paints(kind, colour, step).items()
    )
    ground = mixed(mixed(colour, "#f3ead9", 0.72), PAPER, 0.35)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
        f"<title>{escape(title)}</title><style>{fills}{STROKES}</style>"
        f'<rect width="400" height="400" rx="28" fill="{ground}"/>'
        f'<circle cx="200" cy="196" r="158" fill="{mixed(ground, PAPER, 0.6)}"/>'
        f'<ellipse cx="200" cy="328" rx="132" ry="13" fill="{mixed(ground, INK, 0.16)}"/>'
        f"{_drawings()[kind]}</svg>"
    )


def _paints(kind: str, colour: str, step: int) -> dict[str, str]:
    """Hex colours by the class letters that `drawings.toml` explains."""
    body = mixed(colour, INK, 0.06 * step)
    return {
        "b": body,
        "s": mixed(body, INK, 0.28),
        "h": mixed(body, PAPER, 0.45),
        "a": ACCENTS[sum(map(ord, kind)) % len(ACCENTS)],
        "p": PAPER,
        "k": INK,
        "n": ("#cda26f", "#b98757", "#8c6244")[step],
        "m": ("#c3c8ca", "#b4bbbf", "#c9b48a")[step],
        "e": "#868d92",
        "f": "#7c9868",
        "g": "#f4f8f7",
    }


@cache
def _drawings() -> dict[str, str]:
    text = (Path(__file__).parent / "drawings.toml").read_text("utf-8")
    return {kind: str(drawing) for kind, drawing in tomllib.loads(text).items()}
