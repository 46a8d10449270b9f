"""A report as one HTML file, with its data and the same script and style as the console."""

from html import escape
from pathlib import Path

import msgspec

from features.insights.report import Report

ASSETS = Path(__file__).parent / "assets"
HTML_PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}, {as_of}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main id="reports"><noscript>This page draws its figures with a script; please allow it.</noscript></main>
<script>{uplot}</script>
<script type="application/json" id="data">{data}</script>
<script type="module">
{script}
show(document.getElementById("reports"), JSON.parse(document.getElementById("data").textContent));
</script>
</body>
</html>
"""


def as_html(report: Report) -> str:
    """The report as HTML without external files, so that it can be mailed, opened and printed."""
    # "<" is escaped, so that no text of a shop can end the script element.
    data = msgspec.json.encode(report).decode().replace("<", "\\u003c")
    return HTML_PAGE.format(
        title=escape(report.title),
        as_of=report.as_of,
        style=_asset("uplot/uPlot.min.css") + _asset("report.css"),
        uplot=_asset("uplot/uPlot.iife.min.js"),
        script=_asset("report.js").replace("export function", "function"),
        data=data,
    )


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
