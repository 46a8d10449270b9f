"""The console's pages of the service and of what anybody sees, in a real browser, over the demo shop."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from features.home import Home
from recommender.model import versions
from recommender.model.bundle_files import sha256

from browsing import SignedIn, console_page
from waiting import eventually

pytestmark = pytest.mark.browser
EARLIER = "2024-01-01T00-00-00Z"
SECRET = {"Authorization": "Bearer sk_demo"}


@pytest.fixture
def page(browser: Browser, demo_server: str, signed_in: SignedIn) -> Iterator[Page]:
    with console_page(browser, demo_server, signed_in) as page:
        yield page


@pytest.fixture
def earlier(demo_home: Path) -> Iterator[str]:
    """A second version of the demo's model, which nobody published yet."""
    models = Home(demo_home).models
    pointer = versions.current(models)
    assert pointer
    folder = models / EARLIER
    shutil.copytree(models / pointer.version, folder)
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    changed = {"version": EARLIER, "created_at": "2024-01-01T00:00:00+00:00"}
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest | changed))
    versions.seal(models, EARLIER, sha256(folder / "manifest.json"))
    yield EARLIER
    versions.point(models, pointer)
    (models / f"{EARLIER}{versions.SEAL}").unlink()


def loaded(demo_server: str) -> str:
    return str(httpx.get(f"{demo_server}/v1/models", headers=SECRET).json()["loaded"])


def test_a_version_is_published_and_taken_back(page: Page, demo_server: str, earlier: str) -> None:
    page.goto("/console/service")
    before = loaded(demo_server)
    row = page.get_by_role("row").filter(has_text=earlier)
    row.get_by_role("button", name="Publish").click()
    expect(row.get_by_text("serves now")).to_be_visible()
    eventually(lambda: loaded(demo_server) == earlier, within_s=10)
    page.get_by_role("button", name="Go back to the version before").click()
    expect(row.get_by_role("button", name="Publish")).to_be_visible()
    eventually(lambda: loaded(demo_server) == before, within_s=10)


def test_a_key_is_made_shown_once_and_revoked(page: Page, demo_server: str) -> None:
    page.goto("/console/service")
    page.get_by_label("What for").fill("till")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("code.secret").inner_text()
    asked = {"placement": "home", "key": key}
    assert httpx.get(f"{demo_server}/v1/recommendations", params=asked).status_code == 200
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("row").filter(has_text="till").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row").filter(has_text="till")).to_have_count(0)
    eventually(
        lambda: httpx.get(f"{demo_server}/v1/recommendations", params=asked).status_code == 401, within_s=5
    )
    assert key not in page.content()


def test_a_customer_is_found_and_it_says_why_a_product_is_shown(page: Page) -> None:
    page.goto("/console/try-it")
    page.get_by_label("Find a customer or a product").fill("c-0")
    page.locator("#found a").first.click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Customer c-0")
    home = page.locator("#answer-home")
    home.locator("summary").first.click()
    expect(home.locator(".facts").first).to_contain_text("Found by")
    shown = home.locator("li a").first.inner_text()
    page.get_by_label("Why not this product?").fill(shown)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#why-not")).to_contain_text("It is shown here, in place 1.")
    assert Axe().run(page).response["violations"] == []
    page.get_by_label("Find a customer or a product").fill("cofee")
    expect(page.locator("#found")).to_contain_text("Coffee")
    page.locator("#found .product a").first.click()
    expect(page.get_by_role("heading", name="Bought with it")).to_be_visible()
