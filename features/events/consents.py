"""Yes and no to messages, in the words that shops and their tools use for it."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Channel = Literal["email", "sms", "push", "whatsapp", "phone", "post"]
ALL_CHANNELS = "all"
CONSENTS = frozenset({*get_args(Channel), ALL_CHANNELS})
OTHER_NAMES = {"newsletter": "email", "accepts_marketing": "email", "marketing": ALL_CHANNELS}
YES = (
    frozenset({"1", "true", "yes", "y", "on", "ok", "granted", "accepted", "given", "confirmed"})
    | {"subscribed", "opt_in", "optin", "opted_in"}
    | {"ja", "j", "oui", "o", "si", "sí", "s", "tak", "sim", "wahr", "vrai", "vero", "prawda"}
)
NO = (
    frozenset({"0", "false", "no", "n", "off", "denied", "declined", "refused", "rejected", "revoked"})
    | {"withdrawn", "unsubscribed", "not_subscribed", "never_subscribed", "opt_out", "optout", "opted_out"}
    | {"pending", "cleaned", "bounced", "invalid", "redacted"}
    | {"nein", "non", "nee", "nie", "não", "nao", "falsch", "faux", "falso", "fałsz"}
)
"""`pending` waits for a confirmation that may never come; a `cleaned` or `invalid` address gets nothing."""


def is_yes(answer: Any) -> bool | None:
    """True, False, or None where the answer cannot be understood: that is no yes."""
    word = str(answer).strip().lower().replace("-", "_").replace(" ", "_").removesuffix(".0")
    return True if word in YES else False if word in NO else None


def with_plain_consents(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The same, each channel's answer a bool under the channel's own name.

    Raises ValueError where an answer cannot be understood, or none is given.
    """
    plain: dict[str, Any] = {}
    for name, answer in properties.items():
        channel = OTHER_NAMES.get(name, name)
        if channel not in CONSENTS:
            plain[name] = answer
        elif answer is not None and (given := is_yes(answer)) is not None:
            plain[channel] = given
        elif answer is not None:
            raise ValueError(f"`properties.{name}` is neither yes nor no: send true or false")
    if not CONSENTS & plain.keys():
        channels = ", ".join(get_args(Channel))
        raise ValueError(f"`consent` needs `properties` like {{'email': true}}; all, {channels} are known")
    return plain
