"""Yes and no to messages, in the words that shops and their tools use for it."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Channel = Literal["email", "sms", "push", "whatsapp", "phone", "post"]
ALL_CHANNELS = "all"
SERVICE_MESSAGES = "service"
"""Consent to messages about an order itself, of any channel."""
PROFILING = "profiling"
"""Yes or no to answers from what is known of somebody; `all` says nothing about it."""
ADVERTISING = "advertising"
"""Yes or no to being named to ad platforms, hashed; `all`, of messages, says nothing about it."""
CONSENTS = frozenset({*get_args(Channel), ALL_CHANNELS, SERVICE_MESSAGES, PROFILING, ADVERTISING})
OTHER_NAMES = {"newsletter": "email", "accepts_marketing": "email", "marketing": ALL_CHANNELS}
OTHER_NAMES |= dict.fromkeys(
    ("personalisation", "personalization", "personalised", "personalized"), PROFILING
)
OTHER_NAMES |= dict.fromkeys(("ads", "ad_user_data"), ADVERTISING)
YES = (
    frozenset(
        {"1", "true", "t", "yes", "y", "on", "ok", "granted", "accepted", "given", "confirmed", "agreed"}
    )
    | {
        "subscribed",
        "subscribe",
        "subscriber",
        "opt_in",
        "optin",
        "opted_in",
        "single_opt_in",
        "double_opt_in",
    }
    | {
        "confirmed_opt_in",
        "explicit",
        "explicit_consent",
        "consented",
        "allowed",
        "checked",
        "enabled",
        "✓",
        "✔",
        "☑",
    }
    | {
        "ja",
        "j",
        "oui",
        "o",
        "si",
        "sí",
        "s",
        "sì",
        "tak",
        "sim",
        "ano",
        "áno",
        "igen",
        "da",
        "jo",
        "kyllä",
        "да",
        "はい",
        "是",
    }
    | {"wahr", "vrai", "vero", "prawda", "verdadero", "verdadeiro", "waar", "sand", "sant", "tosi"}
    | {
        "abonniert",
        "angemeldet",
        "zugestimmt",
        "erteilt",
        "inscrit",
        "abonné",
        "accepté",
        "iscritto",
        "suscrito",
    }
    | {"inscrito", "aangemeld", "ingeschreven", "zapisany"}
)
NO = (
    frozenset({"0", "false", "f", "no", "n", "off", "denied", "declined", "refused", "rejected", "revoked"})
    | {"withdrawn", "unsubscribed", "not_subscribed", "never_subscribed", "opt_out", "optout", "opted_out"}
    | {
        "pending",
        "cleaned",
        "bounced",
        "invalid",
        "redacted",
        "unconfirmed",
        "nonsubscribed",
        "transactional",
    }
    | {
        "blocked",
        "blacklisted",
        "blocklisted",
        "suppressed",
        "complained",
        "complaint",
        "spam",
        "hard_bounce",
    }
    | {
        "soft_bounce",
        "bounce",
        "deleted",
        "archived",
        "inactive",
        "disabled",
        "unchecked",
        "never",
        "removed",
        "expired",
    }
    | {
        "do_not_contact",
        "do_not_email",
        "not_allowed",
        "objected",
        "cancelled",
        "canceled",
        "✗",
        "✘",
        "☐",
        "×",
    }
    | {"nein", "non", "nee", "nie", "não", "nao", "nei", "nej", "ei", "ne", "nem", "нет", "いいえ", "否"}
    | {"falsch", "faux", "falso", "fałsz", "onwaar", "falskt", "falsk"}
    | {"abgemeldet", "abbestellt", "widerrufen", "abgelehnt", "gesperrt", "désinscrit", "désabonné", "refusé"}
    | {
        "disiscritto",
        "baja",
        "cancelado",
        "dado_de_baja",
        "afgemeld",
        "uitgeschreven",
        "wypisany",
        "descadastrado",
    }
)
"""`pending` waits for a confirmation that may never come; a `cleaned` or `invalid` address gets nothing."""
BEGIN_NO = (
    "not_",
    "non_",
    "no_",
    "never_",
    "unsub",
    "opted_out",
    "opt_out",
    "do_not",
    "don't",
    "does_not",
    "nicht_",
    "kein",
    "pas_",
    "niet_",
    "nie_",
    "ikke_",
    "inte_",
    "não_",
    "désinscri",
    "désabonn",
    "widerruf",
)


def is_yes(answer: Any) -> bool | None:
    """True, False, or None where the answer cannot be understood: that is no yes."""
    word = "_".join(str(answer).strip(" \t\r\n'\".!").lower().replace("-", " ").replace("_", " ").split())
    word = word.removesuffix(".0")
    if word in YES:
        return True
    if word in NO:
        return False
    return False if word.startswith(BEGIN_NO) and not word.startswith(NO_ANSWER) else None


NO_ANSWER = (
    "not_set",
    "not_available",
    "not_asked",
    "not_known",
    "no_answer",
    "no_data",
    "no_value",
    "no_info",
)
"""What says that nothing is known: neither yes nor no."""


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
        channels = ", ".join([*get_args(Channel), PROFILING, ADVERTISING])
        raise ValueError(f"`consent` needs `properties` like {{'email': true}}; all, {channels} are known")
    return plain
