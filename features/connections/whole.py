"""What each service's settings must have, and the command that mends them."""

from collections.abc import Mapping

from features.connections.settings_file import DamagedConnections, Settings

NEEDED: Mapping[str, tuple[str, ...]] = {
    "shopify": ("shop", "secrets"),
    "woocommerce": ("site", "shop", "secrets"),
    "feeds": ("secret",),
    "catalogue": ("url",),
    "klaviyo": ("key",),
    "brevo": ("key",),
    "mailchimp": ("key", "audience"),
    "webhook": ("url", "secret"),
    "files": ("folder",),
}
OPTIONS = {"feeds": " --renew", "catalogue": " --url", "webhook": " --url", "files": " --folder"}


def what_is_missing(service: str, settings: Settings) -> str | None:
    """A sentence about the fields that are not there or empty, with what to do; None where all are."""
    missing = [f"`{name}`" for name in NEEDED.get(service, ()) if not settings.get(name)]
    if not missing:
        return None
    command = f"perennial connect {service}{OPTIONS.get(service, '')}"
    return f"connections.json has no {' and no '.join(missing)} of {service}: `{command}` mends it"


def require_whole(service: str, settings: Settings) -> Settings:
    """The settings. Raises DamagedConnections where something is missing."""
    if missing := what_is_missing(service, settings):
        raise DamagedConnections(missing)
    return settings
