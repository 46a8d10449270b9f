"""The pages over ASGI: types, caching, protection, and nothing from anybody else's server."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.process.pages import STATIC, pages_router


def client(demo_folder: Path | None) -> httpx.AsyncClient:
    app = FastAPI(title="Perennial", docs_url=None)
    app.include_router(pages_router(demo_folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example")


@pytest.fixture
def demo_folder(tmp_path: Path) -> Path:
    """A demo shop of one product, with a secret beside it."""
    folder = tmp_path / "demo"
    (folder / "images").mkdir(parents=True)
    (folder / "shop.json").write_text('{"name": "Shop"}')
    (folder / "images" / "A1.svg").write_text("<svg/>")
    (folder / "truth.json").write_text("secret")
    return folder


async def test_agents_are_told_what_the_service_is() -> None:
    async with client(None) as http:
        told = await http.get("/llms.txt")
        linked = re.findall(r"\]\((/[^)]+)\)", told.text)
        assert {path: (await http.get(path)).status_code for path in ("/docs", "/widget.js")} == {
            "/docs": 200,
            "/widget.js": 200,
        }
    assert told.headers["content-type"].startswith("text/plain")
    assert told.text.startswith("# Perennial\n\n> ")
    assert {"/openapi.json", "/docs", "/widget.js", "/healthz"} <= set(linked)


async def test_the_demo_allows_nothing_but_its_own_files(demo_folder: Path) -> None:
    async with client(demo_folder) as http:
        page = await http.get("/demo")
        linked = [await http.get(path) for path in re.findall(r'(?:src|href)="(/demo/[^"]+)"', page.text)]
        picture = await http.get("/demo/images/A1.svg")
        shop = await http.get("/demo/shop.json")
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert "style=" not in page.text
    assert len(linked) == 3
    assert {answer.status_code for answer in linked} == {200}
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert "sandbox" in picture.headers["content-security-policy"]
    assert shop.json() == {"name": "Shop"}
    for answer in (page, picture, shop, *linked):
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/demo", "/demo/shop.json", "/demo/images/A1.svg"])
@pytest.mark.parametrize("folder", [None, Path("nowhere")])
async def test_without_a_demo_shop_it_says_how_to_get_one(path: str, folder: Path | None) -> None:
    async with client(folder) as http:
        answer = await http.get(path)
    assert answer.status_code == 404
    assert "perennial demo" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/demo/images/../truth.json",
        "/demo/images/..%2ftruth.json",
        "/demo/images/%2e%2e/truth.json",
        "/demo/images//etc/passwd",
        "/demo/static/..%2f..%2fpages.py",
        "/docs/static/..%2fmain.py",
    ],
)
async def test_no_path_leads_out_of_a_folder(demo_folder: Path, path: str) -> None:
    async with client(demo_folder) as http:
        answer = await http.get(path)
    assert answer.status_code == 404


async def test_a_link_out_of_the_folder_is_not_followed(demo_folder: Path) -> None:
    (demo_folder / "images" / "link.svg").symlink_to(demo_folder / "truth.json")
    async with client(demo_folder) as http:
        answer = await http.get("/demo/images/link.svg")
    assert answer.status_code == 404


async def test_the_documentation_loads_from_this_server_alone() -> None:
    async with client(None) as http:
        page = await http.get("/docs")
        assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        answers = [await http.get(asset) for asset in assets]
    assert len(assets) == 3
    assert all(asset.startswith("/docs/static/") for asset in assets)
    assert {answer.status_code for answer in answers} == {200}


def test_no_page_of_ours_loads_from_elsewhere() -> None:
    for file in STATIC.rglob("*"):
        if file.is_file() and file.suffix in {".html", ".css", ".js"}:
            urls = re.findall(
                r"""(?:src|href|url|import|from)\s*[=(]?\s*["']?(?:https?:)?//[^\s"')]+""", file.read_text()
            )
            assert [one for one in urls if "shop-api.example" not in one] == [], file.name
