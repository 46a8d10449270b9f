"""A browser asks for each file once, until it is another."""

import re

import httpx

LINK = re.compile(r'(?:src|href)="(/console/static/[^"]+)"')


def test_each_file_of_a_page_is_kept_for_good_by_its_version(console: httpx.Client) -> None:
    files = {
        link for page in ("sign-in", "figures") for link in LINK.findall(console.get(f"/console/{page}").text)
    }
    assert len(files) == 8
    for file in files:
        answer = console.get(file)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True), file
        assert console.get(file.partition("?")[0]).headers["cache-control"] == "no-cache"
        assert console.get(file[:-1] + "x").headers["cache-control"] == "no-cache"


def test_no_path_leads_out_of_the_folder(console: httpx.Client) -> None:
    for path in ("..%2fconsole%2fpage.py", "report/..%2fhtml_page.py", "%2e%2e/widget/element.js"):
        assert console.get(f"/console/static/{path}").status_code == 404
