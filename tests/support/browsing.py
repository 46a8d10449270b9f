"""A real Chromium for tests that need one."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

SignedIn = Callable[[BrowserContext], None]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=10_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium; skips the test where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine: install the package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def console_page(
    browser: Browser, url: str, signed_in: SignedIn, start: str = "/console", *, phone: bool = False
) -> Iterator[Page]:
    """Signed in to the console at `start`: on a phone in the dark, else on a desk in the light. At the end
    nothing may have gone wrong in the browser's own console."""
    context = browser.new_context(
        base_url=url,
        viewport=PHONE if phone else DESKTOP,
        is_mobile=phone,
        color_scheme="dark" if phone else "light",
        locale="en-GB",
    )
    signed_in(context)
    page = context.new_page()
    errors = complaints(page)
    page.goto(start)
    expect(page.locator(".menu")).to_be_visible()
    yield page
    context.close()
    assert errors == []


def complaints(page: Page) -> list[str]:
    """A list that fills with the page's console errors and uncaught exceptions."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def warnings(page: Page) -> list[str]:
    """A list that fills with the page's console warnings."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "warning" else None)
    return found


def shifts(page: Page) -> float:
    """The page's cumulative layout shift so far."""
    seen: float = page.evaluate("""() => new Promise(done => {
        let sum = 0;
        new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
            .observe({type: "layout-shift", buffered: true});
        setTimeout(() => done(sum), 100);
    })""")
    return seen
