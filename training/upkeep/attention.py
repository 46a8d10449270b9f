"""What `perennial doctor` finds, and what went wrong with other services, as the owner's pages show it."""

from datetime import UTC, datetime
from typing import Final

from features.connections.arrivals import read_state
from features.connections.settings_file import DamagedConnections, read_connections
from features.insights.attention import Attention, AttentionReport
from training.upkeep.doctor import CHECKS, Patient, origins

CODES: Final = {"live ids": "unknown_ids", "model": "model", "archive": "worker"}
"""Of a check, where its own name is none for an owner."""


def look(patient: Patient) -> AttentionReport:
    """All but what only a serving process knows: the origins of pages."""
    findings = [finding for check in CHECKS if check is not origins for finding in check(patient)]
    items = [
        Attention(CODES.get(check, check.replace(" ", "_")), saw, remedy)
        for check, saw, remedy in findings
        if remedy is not None
    ]
    return AttentionReport(datetime.fromtimestamp(patient.now, UTC), [*items, *_connections(patient)])


def _connections(patient: Patient) -> list[Attention]:
    """Services of which the last thing heard is trouble; of a catalogue's feed, too."""
    try:
        services = sorted(read_connections(patient.home))
    except DamagedConnections as error:
        return [Attention("connections", str(error), "Put back connections.json from a backup")]
    states = ((name, read_state(patient.client, name)) for name in services)
    return [
        Attention("connection", state.trouble or "", "perennial connect list says when it last worked", name)
        for name, state in states
        if not state.is_well
    ]
