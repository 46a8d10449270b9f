"""`perennial doctor`: whether a home is well, and what to do where it is not."""

import time
from collections.abc import Sequence

from features.cli.commands import store
from features.cli.options import console, show_table
from features.home import Home
from features.store.settings import StoreSettings


def examine(home: Home, origins: Sequence[str], *, as_json: bool) -> bool:
    """Print what was found; True: nothing needs doing. Raises RedisServerError, OSError."""
    from training.upkeep import doctor

    if not home.root.is_dir():
        raise FileNotFoundError(f"{home.root} is no home: say which with --home")
    with store(home) as client:
        findings = doctor.examine(doctor.Patient(home, client, StoreSettings(), origins, time.time()))
    if as_json:
        print(doctor.as_json(findings).decode())
    else:
        rows = [(check, saw, remedy or "") for check, saw, remedy in findings]
        show_table(("check", "saw", "what to do"), rows)
        console.print("All is well." if doctor.is_well(findings) else "Something needs doing.")
    return doctor.is_well(findings)
