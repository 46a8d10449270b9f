"""Which tests share a process where several run, and which begin."""

from pathlib import Path

from xdist.scheduler.loadfile import LoadFileScheduling

SLOWEST_FIRST = ("e2e", "loadtests", "integrations", "training", "api")  # a folder's average
END_TO_END = Path(__file__).parents[1] / "e2e"
OF_THE_DEMO = {
    f"tests/e2e/{file.name}"
    for file in END_TO_END.glob("test_*.py")
    if "demo_server" in file.read_text("utf-8")
}


def rank(nodeid: str) -> int:
    """Of a test."""
    starts = (nodeid.startswith(f"tests/{folder}/") for folder in SLOWEST_FIRST)
    return next((number for number, is_there in enumerate(starts) if is_there), len(SLOWEST_FIRST))


class FilesByShop(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests run in one process, and so do all of the demo shop, which takes long to build."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "the demo shop" if file in OF_THE_DEMO else file
