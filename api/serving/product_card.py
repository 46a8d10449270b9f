"""A product as a picture for e-mails: its photograph, title and price on a card, drawn by Pillow.

The card has its own background, so that it is read on whatever an e-mail program puts behind it; outside its
round corners it is transparent.
"""

from __future__ import annotations

import io
import zlib
from colorsys import hls_to_rgb
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from PIL import Image, ImageFont

WIDTH, HEIGHT = 264, 352  # pixels at scale 1
MARGIN, RADIUS, TILE_RADIUS = 12, 14, 8
TILE = WIDTH - 2 * MARGIN  # the square of the photograph
TITLE_TOP, TITLE_SIZE, LINE_HEIGHT, TITLE_LINES = MARGIN + TILE + 8, 15, 20, 2
PRICE_SIZE = 18
SMOOTHING = 4  # corners are drawn so much larger, and made small again
ALPHA_STEPS = 16
LONGEST_TITLE = 200  # characters that are looked at
Theme = Literal["light", "dark"]


class Card(NamedTuple):
    """What is drawn. picture: an encoded picture, b"" for none; font: path of a font file, "": our own."""

    title: str
    price: str
    picture: bytes
    theme: Theme = "light"
    scale: int = 2
    font: str = ""


class Palette(NamedTuple):
    background: str
    edge: str
    title: str
    price: str
    tint: tuple[float, float]  # lightness of the tile, and of the letter on it, where there is no picture


PALETTES: Final[dict[Theme, Palette]] = {
    "light": Palette("#ffffff", "#e2e2e6", "#3a3a42", "#111114", (0.92, 0.45)),
    "dark": Palette("#222328", "#3d3e46", "#d8d8de", "#ffffff", (0.27, 0.75)),
}


def draw(card: Card) -> bytes:
    """A PNG of WIDTH x HEIGHT times the scale."""
    from PIL import Image, ImageDraw

    scale, palette = card.scale, PALETTES[card.theme]
    size = (WIDTH * scale, HEIGHT * scale)
    image = Image.new("RGBA", size, palette.edge)
    inner = (size[0] - 2 * scale, size[1] - 2 * scale)
    image.paste(palette.background, (scale, scale), _rounded(inner, (RADIUS - 1) * scale))
    tile = _tile(card, palette)
    image.paste(tile, (MARGIN * scale, MARGIN * scale), _rounded(tile.size, TILE_RADIUS * scale))
    pen, left = ImageDraw.Draw(image), MARGIN * scale
    font = _font(card.font, TITLE_SIZE * scale, bold=False)
    for number, line in enumerate(_lines(card.title, font, TILE * scale)):
        top = (TITLE_TOP + number * LINE_HEIGHT) * scale
        pen.text((left, top), line, palette.title, font)
    price = _font(card.font, PRICE_SIZE * scale, bold=True)
    pen.text((left, (HEIGHT - MARGIN - 4) * scale), card.price, palette.price, price, anchor="ls")
    return _png(image, _rounded(size, RADIUS * scale), palette.edge)


def empty() -> bytes:
    """A PNG of one transparent pixel, for a slot that shows nothing."""
    from PIL import Image

    packed = io.BytesIO()
    Image.new("RGBA", (1, 1)).save(packed, "PNG")
    return packed.getvalue()


def _tile(card: Card, palette: Palette) -> Image.Image:
    """The photograph, whole, on the white that shops photograph on; else the title's first letter."""
    from PIL import Image, ImageDraw

    side = TILE * card.scale
    if card.picture:
        tile = Image.new("RGBA", (side, side), "#ffffff")
        with Image.open(io.BytesIO(card.picture)) as opened:
            photograph = opened.convert("RGBA")
        share = side / max(photograph.size)
        fitted = photograph.resize(
            (max(round(photograph.width * share), 1), max(round(photograph.height * share), 1)),
            Image.Resampling.LANCZOS,
        )
        tile.alpha_composite(fitted, ((side - fitted.width) // 2, (side - fitted.height) // 2))
        return tile
    background, letter = (_tint(card.title, lightness) for lightness in palette.tint)
    tile = Image.new("RGBA", (side, side), background)
    initial = next((character for character in card.title if character.isalnum()), "")
    font = _font(card.font, 96 * card.scale, bold=True)
    ImageDraw.Draw(tile).text((side / 2, side / 2), initial.upper(), letter, font, anchor="mm")
    return tile


def _tint(title: str, lightness: float) -> tuple[int, int, int]:
    """A colour of its own for each title."""
    hue = zlib.crc32(title.encode(errors="replace")) % 360 / 360
    red, green, blue = hls_to_rgb(hue, lightness, 0.35)
    return round(red * 255), round(green * 255), round(blue * 255)


def _lines(title: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The title in at most TITLE_LINES lines; what is too long ends in an ellipsis."""
    words, lines = title[:LONGEST_TITLE].split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    kept = lines[:TITLE_LINES]
    if len(lines) > TITLE_LINES:
        kept[-1] += "…"
    return [_cut(line, font, width) for line in kept]


def _cut(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    while font.getlength(line) > width and len(line) > 1:
        line = f"{line.rstrip('…')[:-1].rstrip()}…"
    return line


@lru_cache(32)
def _font(path: str, size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    import fontpkg
    from PIL import ImageFont

    font = ImageFont.truetype(path or str(fontpkg.path("Noto Sans")), size)
    if not path:
        font.set_variation_by_axes([700 if bold else 400, 100])
    return font


@lru_cache(32)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask with round, smooth corners."""
    from PIL import Image, ImageDraw

    large = Image.new("L", (size[0] * SMOOTHING, size[1] * SMOOTHING))
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius * SMOOTHING, 255)
    return large.resize(size, Image.Resampling.LANCZOS)


def _png(image: Image.Image, mask: Image.Image, edge: str) -> bytes:
    """The image under its mask, in a palette: that makes a photograph a third as long. What the mask leaves
    half is of the edge's colour, in a few steps of transparency."""
    from PIL import Image, ImageColor

    colours = 256 - ALPHA_STEPS
    solid = image.convert("RGB")
    palette = solid.reduce(2).quantize(colours, Image.Quantize.MEDIANCUT)
    flat = solid.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    alpha = np.asarray(mask)
    steps = colours + alpha.astype(np.int32) * ALPHA_STEPS // 256
    indexed = Image.fromarray(np.where(alpha < 255, steps, np.asarray(flat)).astype(np.uint8), "P")
    known = (flat.getpalette() or [])[: 3 * colours]
    indexed.putpalette([*known, *[0] * (3 * colours - len(known)), *ImageColor.getrgb(edge) * ALPHA_STEPS])
    opacities = [round(step * 255 / ALPHA_STEPS) for step in range(ALPHA_STEPS)]
    packed = io.BytesIO()
    indexed.save(packed, "PNG", transparency=bytes([255] * colours + opacities), compress_level=9)
    return packed.getvalue()
