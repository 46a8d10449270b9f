"""The command line as a whole: what it says of itself."""

import tomllib

from serving import ROOT, perennial


def test_the_version_is_the_packages() -> None:
    asked = perennial("--version")
    said, _ = asked.communicate(timeout=60)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert said.split() == ["perennial", version]
    assert asked.returncode == 0
