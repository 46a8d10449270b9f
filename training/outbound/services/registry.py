"""The services by name."""

from collections.abc import Callable, Mapping
from typing import Any

from features.connections.patience import Wait
from training.outbound.destination import Destination, NotAllowed
from training.outbound.services.brevo import Brevo
from training.outbound.services.files import Files
from training.outbound.services.klaviyo import Klaviyo
from training.outbound.services.mailchimp import Mailchimp
from training.outbound.services.webhook import Webhook

SERVICES: dict[str, Callable[[Mapping[str, Any], Wait], Destination]] = {
    "klaviyo": Klaviyo,
    "brevo": Brevo,
    "mailchimp": Mailchimp,
    "webhook": Webhook,
    "files": Files,
}


class DamagedSettings(NotAllowed):
    """What is kept of a service is not what its command keeps: connect it again."""


def open_service(name: str, settings: Mapping[str, Any], wait: Wait) -> Destination:
    """settings: as in connections.json; wait: pauses for seconds. Close it afterwards.

    Raises DamagedSettings.
    """
    try:
        return SERVICES[name](settings, wait)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedSettings(f"its settings in connections.json are damaged ({error!r})") from error
