"""`perennial connect feeds`: the addresses by which ad platforms and mailing tools fetch the catalogue."""

from typing import Annotated

import typer

from features.cli.options import DEFAULT_HOME, HomeOption, console, existing_home, plain_errors
from features.connections.feed_tokens import feed_secret, feed_token
from features.connections.settings_file import DamagedConnections

GOES_TO = {
    "merchant.tsv": "Google Merchant Center > Data sources > Add > Enter a link to your file",
    "meta.csv": "Meta Commerce Manager > Catalogue > Data sources > Data feed > Scheduled feed",
    "klaviyo.json": "Klaviyo > Content > Products > Web feeds",
    "retargeting.csv": "Customer lists, hashed; add &stage=viewed, carted, bought or lapsed, and &for=google",
}


def connect_feeds(
    url: Annotated[str, typer.Option(help="Where Perennial is reached from outside: https://...")],
    renew: Annotated[bool, typer.Option(help="Shut all addresses of before, and make new ones.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Addresses of the catalogue for ad platforms and mailing tools; each opens its own feed alone."""
    with plain_errors(DamagedConnections, OSError):
        secret = feed_secret(existing_home(home), renew=renew)
    for feed, place in GOES_TO.items():
        console.print(f"\n{place}", markup=False, highlight=False, soft_wrap=True)
        address = f"{url.rstrip('/')}/v1/feeds/{feed}?token={feed_token(secret, feed)}"
        console.print(f"  {address}", markup=False, highlight=False, soft_wrap=True)
