"""Full speed with `wrk`, about 2 microseconds a request; where it is missing, our generator has to do."""

import json
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from loadtests.bench.generator import Address, Window, WrongAnswer, saturate

WRK_SCRIPT = Path(__file__).with_suffix(".lua")
WRK = shutil.which("wrk")
GENERATOR = "wrk" if WRK else "own"
MOST_A_SECOND = 12_000


def full_speed(
    address: Address, requests: Iterator[bytes], seconds: float, distinct: int | None, channels: int = 16
) -> Window:
    """Every channel asks again as soon as it is answered.

    distinct: after so many requests they repeat; None: never, as events must not. Raises WrongAnswer.
    """
    if WRK is None:
        return saturate(address, requests, seconds, channels)
    whole = max(math.ceil(seconds), 1)  # wrk knows no parts of a second
    number = distinct or MOST_A_SECOND * whole
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.writelines(b"%d\n%b" % (len(each), each) for each in islice(requests, number))
        file.flush()
        url = f"http://{address[0]}:{address[1]}/"
        command = [WRK, "-t1", f"-c{channels}", f"-d{whole}s", "-s", str(WRK_SCRIPT), url, "--", file.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=whole + 30, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    if result["wrong"] or (distinct is None and result["requests"] > number):
        raise WrongAnswer(
            f"{result['wrong']} wrong answers of {result['requests']}, {number} requests at hand"
        )
    load = Window(result["microseconds"] / 1e6)
    for microseconds, count in result["counts"]:
        load.latency.add(microseconds / 1e6, count)
    return load
