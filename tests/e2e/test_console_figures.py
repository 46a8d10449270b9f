"""All figures in the console, in a real browser: every one drawn, desk and phone, light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from features.insights.report_files import INSIGHTS

from browsing import SignedIn, chromium, complaints, console_page
from serving import perennial

pytestmark = pytest.mark.browser
PAGE = "/console/figures?report="
TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
COLOURS = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"

# How many pixels of a picture's canvas have the colour of the style sheet's bars.
IN_COLOUR = """picture => {
    const canvas = picture.querySelector("canvas");
    const colour = parseInt(getComputedStyle(picture).getPropertyValue("--bar").slice(1), 16);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const pixels = new DataView(data.buffer), opaque = 255;
    let found = 0;
    for (let at = 0; at < data.length; at += 4) found += pixels.getUint32(at) === colour * 256 + opaque;
    return found;
}"""
ENOUGH = 100  # pixels, of a line; its dots alone have fewer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["desktop light", "phone dark"])
def page(
    request: pytest.FixtureRequest, browser: Browser, demo_server: str, signed_in: SignedIn
) -> Iterator[Page]:
    with console_page(
        browser, demo_server, signed_in, "/dashboard", phone=request.param == "phone dark"
    ) as page:
        yield page


def test_every_report_is_there_with_its_figures_and_definitions(page: Page, demo_server: str) -> None:
    headers = {"Authorization": "Bearer sk_demo"}
    for name in INSIGHTS:
        page.goto(f"{PAGE}{name}")
        report = httpx.get(f"{demo_server}/v1/insights/{name}", headers=headers).json()
        section = page.locator(f"section#{name}")
        expect(section.get_by_role("heading", level=2)).to_have_text(report["title"])
        (part,) = report["parts"]
        assert section.locator(".figure").count() == len(part["figures"])
        for figure in part["figures"]:
            card = section.locator(f'.figure[data-name="{figure["name"]}"]')
            expect(card).to_contain_text(figure["definition"])
            told = figure["value"] is not None
            expect(card.locator(".value")).to_have_text(re.compile(r"\d" if told else "–"))
        for table in part["tables"]:
            card = section.locator(f'.card[data-name="{table["name"]}"]')
            assert card.locator(".scroll tbody tr").count() == min(len(table["rows"]), 100)
            drawn = table["plot"] is not None and table["plot"]["kind"] != "heat"
            assert card.get_by_role("img").count() == drawn


def test_each_experiment_says_what_it_found_and_draws_it_around_nought(page: Page) -> None:
    page.goto(f"{PAGE}experiments")
    card = page.locator('.card[data-name="offers-on"]')
    expect(card.get_by_role("heading", level=3)).to_have_text("Offers at all: with against without")
    expect(card.locator(".text").first).to_contain_text(re.compile("Not enough|It is better|no differ"))
    tracks = card.locator(".track")
    assert tracks.count() == tracks.locator(".span").count() == tracks.locator(".dot").count() == 7
    noughts = [middle(track) for track in tracks.all()]
    spans = [ends(span) for span in tracks.locator(".span").all()]
    dots = [middle(dot) for dot in tracks.locator(".dot").all()]
    assert all(low - 1 <= dot <= high + 1 for (low, high), dot in zip(spans, dots, strict=True))
    assert any(low < nought < high for (low, high), nought in zip(spans, noughts, strict=True))


def ends(mark: Locator) -> tuple[float, float]:
    """Where it begins and ends across, in CSS pixels."""
    box = mark.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def middle(mark: Locator) -> float:
    return sum(ends(mark)) / 2


def test_months_are_a_line_in_the_theme_s_colour_as_wide_as_the_card(page: Page, demo_server: str) -> None:
    headers = {"Authorization": "Bearer sk_demo"}
    report = httpx.get(f"{demo_server}/v1/insights/kpi", headers=headers).json()
    page.goto(f"{PAGE}kpi")
    (months,) = report["parts"][0]["tables"]
    picture = page.locator('.card[data-name="by_month"]').get_by_role("img")
    for month, *_ in months["rows"]:
        expect(picture).to_have_accessible_name(re.compile(month))
    assert ends(picture.locator(".uplot canvas")) == pytest.approx(ends(picture), abs=1)
    assert picture.evaluate(IN_COLOUR) > ENOUGH
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light" if dark else "dark")
    page.wait_for_function(f"picture => ({IN_COLOUR})(picture) > {ENOUGH}", arg=picture.element_handle())


def test_bars_begin_together_and_are_as_long_as_what_they_stand_for(page: Page) -> None:
    page.goto(f"{PAGE}segments")
    card = page.locator('.card[data-name="segments"]')
    bars = [ends(bar) for bar in card.locator(".amount").all()]
    customers = [int(cell.replace(",", "")) for cell in card.locator("td:nth-child(2)").all_text_contents()]
    assert {left for left, _ in bars} == {bars[0][0]}
    longest = max(right - left for left, right in bars)
    lengths = [(right - left) / longest * max(customers) for left, right in bars]
    assert lengths == pytest.approx(customers, abs=max(customers) / 100)


def test_it_fits_and_can_be_read(page: Page) -> None:
    assert page.evaluate(TOO_WIDE) == 0
    background, ink = page.evaluate(COLOURS)
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert (sum(shades(background)) < sum(shades(ink))) == dark


def shades(colour: str) -> list[int]:
    return [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]


def test_a_channel_that_pays_is_marked(page: Page) -> None:
    page.goto(f"{PAGE}channels")
    verdicts = page.locator('.card[data-name="channels"] td.good')
    assert {"pays", "free"} & set(verdicts.all_text_contents())


def test_the_offers_page_tells_what_was_given_and_what_budgets_have_left(page: Page) -> None:
    page.goto(f"{PAGE}offers")
    offers = page.locator("section#offers")
    expect(offers.locator('.card[data-name="by_offer"] tbody')).to_contain_text("percent_10")
    expect(offers.locator('.card[data-name="budgets"] tbody')).to_contain_text("season")
    page.goto(f"{PAGE}policy")
    expect(page.locator('section#policy .card[data-name="policies"] tbody')).to_contain_text("no offer")


def test_printing_opens_the_rows_and_leaves_the_menu_out(page: Page) -> None:
    page.goto(f"{PAGE}kpi")
    rows = page.locator('.card[data-name="by_month"] details.rows')
    expect(rows).not_to_have_attribute("open", "")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(rows).to_have_attribute("open", "")
    for menu in page.get_by_role("navigation").all():
        expect(menu).to_be_hidden()


def test_the_page_that_report_writes_opens_by_itself(
    browser: Browser, demo_server: str, demo_home: Path, tmp_path: Path
) -> None:
    written = perennial("report", "kpi", "--format", "html", "--home", str(demo_home)).communicate(
        timeout=120
    )[0]
    file = tmp_path / "report.html"
    file.write_text(written, encoding="utf-8")
    page = browser.new_context(offline=True).new_page()
    errors = complaints(page)
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", level=2)).to_have_text("Key figures")
    assert page.get_by_role("img").evaluate(IN_COLOUR) > ENOUGH
    page.context.close()
    assert errors == []
