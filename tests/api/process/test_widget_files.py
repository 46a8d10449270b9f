"""The widget over HTTP: small, cached, compressed where asked; and what its parts are made into."""

import gzip
import re

import httpx
import pytest
from fastapi import FastAPI

from api.process.pages import STATIC, pages_router
from api.process.widget_files import PARTS, stripped_css, stripped_js, widget_files

EXAMPLES = (STATIC / "gallery" / "examples.js").read_text()
SOURCES = "".join(file.read_text() for file in sorted(PARTS.rglob("*.*")))
DOCUMENT = (STATIC.parents[1] / "docs" / "widget.md").read_text()


def client() -> httpx.AsyncClient:
    app = FastAPI(title="Perennial", docs_url=None)
    app.include_router(pages_router(None))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example")


@pytest.mark.parametrize("name", ["widget.js", "widget.mjs", "more.js"])
def test_each_file_weighs_at_most_8_kb(name: str) -> None:
    _, files = widget_files()
    assert len(files[name].gzipped) <= 8 * 1024


async def test_it_is_cached_and_revalidated() -> None:
    async with client() as http:
        first = await http.get("/widget.js")
        again = await http.get("/widget.js", headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["content-type"].startswith("text/javascript")
    assert "max-age=300" in first.headers["cache-control"]
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (again.status_code, again.content) == (304, b"")


async def test_under_its_version_it_never_changes_and_an_older_one_is_not_missing() -> None:
    version, files = widget_files()
    async with client() as http:
        now = await http.get(f"/widget/{version}/widget.js")
        before = await http.get("/widget/0123456789ab/widget.js")
        other = await http.get(f"/widget/{version}/settings.js")
    assert "immutable" in now.headers["cache-control"]
    assert "immutable" not in before.headers["cache-control"]
    assert now.content == before.content == files["widget.js"].text
    assert other.status_code == 404


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("br", None), ("gzip;q=0", None)])
async def test_it_is_compressed_where_that_is_understood(accepted: str, encoding: str | None) -> None:
    _, files = widget_files()
    async with client() as http:
        answer = await http.get("/widget.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert int(answer.headers["content-length"]) == len(
        files["widget.js"].gzipped if encoding else files["widget.js"].text
    )
    assert answer.content == files["widget.js"].text
    assert "Accept-Encoding" in answer.headers["vary"]


def test_compressed_and_plain_are_the_same() -> None:
    _, files = widget_files()
    assert all(gzip.decompress(one.gzipped) == one.text for one in files.values())


def test_no_text_or_pattern_is_taken_for_a_comment() -> None:
    script = """
    /* About. */
    const a = "https://x.example//y" + '/* no */'; // yes: "gone"
    const b = !/^https?:\\/\\//.test(a) ? `// ${a}  ${ b }` : a / 2 / b;

    return a
    b++ + ++a
    """
    assert stripped_js(script) == (
        "const a=\"https://x.example//y\"+'/* no */';"
        "const b=!/^https?:\\/\\//.test(a)?`// ${a}  ${ b }`:a/2/b;"
        "return a\nb++ + ++a"
    )


def test_styles_keep_what_white_space_means() -> None:
    styles = """/* About. */
    :host ul > li + li { margin: 0 auto; width: min(2rem, 10%); }
    """
    assert stripped_css(styles) == ":host ul > li + li{margin:0 auto;width:min(2rem,10%)}"


@pytest.mark.parametrize(
    "kind",
    [
        r"(?<=`)--perennial-[a-z-]+(?=`)",
        r"(?<=`)perennial:[a-z]+(?=`)",
        r"(?<=Perennial\.)[a-z]+(?=\()|(?<=Perennial.push\(\[\")[a-z]+",
        r"(?<=^\| `)[a-z]+(?=\()",
    ],
)
def test_what_is_documented_exists_and_is_shown_live(kind: str) -> None:
    names = set(re.findall(kind, DOCUMENT, re.MULTILINE))
    assert names
    assert [name for name in names if name not in EXAMPLES] == []
    assert [name for name in names if name not in SOURCES] == []


def test_each_attribute_is_documented_and_shown_live() -> None:
    first_cells = "\n".join(
        re.findall(r"^\| (`.*?) \|", DOCUMENT.partition("## Properties")[0], re.MULTILINE)
    )
    told = set(re.findall(r"`([a-z-]+)`", first_cells)) - {"state", "data-arm"}
    [observed] = re.findall(r"observedAttributes = \((.*?)\)\.split", SOURCES, re.DOTALL)
    assert set(re.findall(r"[a-z-]+", observed)) <= told
    assert [name for name in told if f'{name}="' not in EXAMPLES and f"{name}='" not in EXAMPLES] == []


def test_each_part_is_documented_and_shown_live() -> None:
    [line] = re.findall(r"`::part\(\.\.\.\)`: (.*?)\. A heading", DOCUMENT, re.DOTALL)
    told = set(re.findall(r"`([a-z]+)`", line))
    parts = (
        " ".join(re.findall(r'part: ["`]([^"`]+)["`]', SOURCES)).replace("${name}", "previous next").split()
    )
    assert told == set(parts)
    assert [name for name in told if f"::part({name})" not in EXAMPLES] == []
