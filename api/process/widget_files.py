"""The widget as it is served: its parts put together, without comments, compressed, with a version.

`widget.js` is for `<script src>`, `widget.mjs` for `import`; both load `more.js` on pages that need it.
"""

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import HTTPException, Request, Response

from api.web.encodings import takes_gzip

PARTS: Final = Path(__file__).parents[1] / "static" / "widget"
FIRST: Final = ["settings", "shopper", "consent", "service", "questions", "drawing", "element", "commands"]
MORE: Final = ["consent_tools", "data_layer", "sets", "offers", "explain", "file"]
SHARED: Final = (
    "setting,languageOf,post,keyed,question,element,moneyText,track,identify,heardOfConsent,ownAdds,ready,say"
)
"""Functions and state of the first file that the second one uses."""
CLASSIC = ('(()=>{"use strict";const address=document.currentScript?.src;', "})();")
MODULE = ("const address=import.meta.url;(()=>{", "})();export default window.Perennial;")
ONCE: Final = 'if(customElements.get("perennial-recs"))return;'
HEADERS: Final = {
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",  # shops import it from their own origin
    "Cross-Origin-Resource-Policy": "cross-origin",
}
FRESH: Final = "public, max-age=300, stale-while-revalidate=86400"
FOREVER: Final = "public, max-age=31536000, immutable"
TOKEN: Final = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<space>\s+)|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`"""
    r"""|(?<=[(=,:?!])/(?:\\.|\[(?:\\.|[^\]])*\]|[^/\n])+/|.""",
    re.DOTALL,
)


class WidgetFile(NamedTuple):
    """text: JavaScript in UTF-8; gzipped: the same, as small as gzip makes it."""

    text: bytes
    gzipped: bytes


def widget_response(request: Request, name: str, asked_version: str | None = None) -> Response:
    """A file of the widget, gzipped where that is understood; HTTPException 404 if there is none of the name.

    Under its own version it never changes. A page that names another one, of before an upgrade, gets this.
    """
    version, files = widget_files()
    if name not in files:
        raise HTTPException(404, f"The widget has no file {name}.")
    tag = f'W/"{version}"'
    headers = {**HEADERS, "ETag": tag, "Cache-Control": FOREVER if asked_version == version else FRESH}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
    body = files[name].gzipped if "Content-Encoding" in headers else files[name].text
    return Response(body, headers=headers, media_type="text/javascript; charset=utf-8")


@cache
def widget_files() -> tuple[str, Mapping[str, WidgetFile]]:
    """The version, which is of what they hold, and the files by name."""
    more = f"export default({{{SHARED}}})=>{{{_joined(PARTS / 'more', MORE)}}};"
    parts = _joined(PARTS, FIRST)
    version = sha256((parts + more).encode()).hexdigest()[:12]
    once = f'{ONCE}const VERSION="{version}",SHARED=()=>({{{SHARED}}});'
    classic, module = (f"{head}{once}{parts}{tail}" for head, tail in (CLASSIC, MODULE))
    texts = {"widget.js": classic, "widget.mjs": module, "more.js": more}
    return version, {name: _packed(text) for name, text in texts.items()}


def _joined(folder: Path, parts: Sequence[str]) -> str:
    styles = json.dumps(stripped_css((folder / "styles.css").read_text("utf-8")), ensure_ascii=False)
    scripts = "\n".join((folder / f"{part}.js").read_text("utf-8") for part in parts)
    return f"const STYLES={styles};\n{stripped_js(scripts)}\n"


def _packed(text: str) -> WidgetFile:
    return WidgetFile(text.encode(), gzip.compress(text.encode(), 9, mtime=0))


def stripped_js(text: str) -> str:
    """Without comments and white space that means nothing. Templates inside of templates are not understood,
    and a regular expression stands right behind one of `(=,:?!`."""
    kept = ""
    spaced = re.sub(r"(?<=[(=,:?!]) (?=/[^/*])", "", text)
    for token in TOKEN.finditer(spaced):
        if token["space"] or token["comment"]:
            kept += (
                "" if kept.endswith(("\n", " ")) else "\n" if "\n" in token[0] or token["comment"] else " "
            )
        else:
            kept = _without_needless_space(kept, token[0]) + token[0]
    return kept.strip()


def _without_needless_space(kept: str, following: str) -> str:
    """A line may end a statement, unless a bracket or comma stands there; a space may separate two words."""
    bare = kept.rstrip()
    if kept == bare:
        return kept
    before, after = bare[-1:], following[0]
    if kept.endswith("\n"):
        return bare if before in "{([,;" or after in ")]}.?:&|" else kept
    is_word = re.compile(r"[\w$#\"'`]").match
    return kept if (is_word(before) and is_word(after)) or before + after in {"++", "--", "//"} else bare


def stripped_css(text: str) -> str:
    """Without comments, and no more white space than separates words."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(";}", "}").replace(": ", ":").strip()
