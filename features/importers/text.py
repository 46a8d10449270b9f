"""The text of a file as UTF-8, whatever it was written in."""

import re

from features.importers.refusal import ImportRefused

UTF16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
WESTERN = "Latin-1 (Windows-1252)"
CENTRAL_EUROPEAN = {"cp1250": "Latin-2 (Windows-1250)", "iso8859_2": "Latin-2 (ISO 8859-2)"}
SIGN_IN_WORD = re.compile(r"(?<=[a-zA-Zà-ÿ])[£¥¦¬¯±³¶¹¼¾¿](?=[a-zà-ÿ])|œæ|\bz³(?!\w)")
"""What stands in words where Latin-2 is read as Windows-1252: pó³ka for półka, iloœæ for ilość, z³ for zł."""
SAMPLE_BYTES = 4096


def to_utf8(content: bytes, name: str) -> tuple[bytes, str]:
    """The text as UTF-8 bytes with \\n or \\r\\n line ends, and a description of its encoding.

    UTF-16 is known by its mark or by its zero bytes. Each line that is not valid UTF-8 is read as
    Windows-1252, the usual superset of Latin-1, or as Latin-2 where that makes words of them.
    """
    content, encoding = _without_utf16(content, name)
    if b"\x00" in content:
        raise ImportRefused(
            f"{name} is neither text, a spreadsheet (.xlsx) nor parquet: it has zero bytes. Export it as CSV."
        )
    if content.startswith(b"\xef\xbb\xbf"):
        content, encoding = content.removeprefix(b"\xef\xbb\xbf"), "UTF-8 with BOM"
    if content.count(b"\r") > content.count(b"\n"):
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.isascii():
        return content, encoding
    try:
        content.decode()
    except UnicodeDecodeError:
        return _line_by_line(content)
    return content, encoding


def _without_utf16(content: bytes, name: str) -> tuple[bytes, str]:
    codec = UTF16_MARKS.get(content[:2]) or _unmarked_utf16(content[:SAMPLE_BYTES])
    if not codec:
        return content, "UTF-8"
    try:
        text = content.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ImportRefused(
            f"{name} is damaged UTF-16 text. Save it as CSV UTF-8 and import that."
        ) from error
    return text.encode("utf-8", errors="replace"), "UTF-16"


def _unmarked_utf16(start: bytes) -> str | None:
    """Half of the bytes of Western text in UTF-16 are zero: the first of each pair, or the second."""
    pairs = len(start) // 2
    zeros = [start[side : 2 * pairs : 2].count(0) for side in (0, 1)]
    if pairs < 4 or min(zeros) > 0.05 * pairs or max(zeros) < 0.7 * pairs:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _line_by_line(content: bytes) -> tuple[bytes, str]:
    lines, utf8 = content.split(b"\n"), 0
    other = []
    for n, line in enumerate(lines):
        if line.isascii():
            continue
        try:
            line.decode()
            utf8 += 1
        except UnicodeDecodeError:
            other.append(n)
    codec, told = _single_byte_codec(b"\n".join(lines[n] for n in other[:10_000]))
    for n in other:
        lines[n] = _decoded(lines[n], codec).encode()
    mixed = f"mixed: {utf8:,} lines UTF-8, {len(other):,} lines {told}"
    return b"\n".join(lines), mixed if utf8 else told


def _single_byte_codec(sample: bytes) -> tuple[str, str]:
    """The codec that leaves the fewest signs inside words, and its name."""
    signs = {
        codec: len(SIGN_IN_WORD.findall(_decoded(sample, codec))) for codec in ("cp1252", *CENTRAL_EUROPEAN)
    }
    best = min(signs, key=lambda codec: signs[codec])
    return best, CENTRAL_EUROPEAN.get(best, WESTERN)


def _decoded(line: bytes, codec: str) -> str:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return line.decode("latin-1")
