"""The console's scripts and styles; their address names their content, so that each is asked for once."""

import hashlib
from pathlib import Path
from typing import Final

from fastapi import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from features.insights.html_page import ASSETS

FOLDERS: Final = {"report": ASSETS, "own": Path(__file__).parents[1] / "static" / "console"}
VERSION: Final = hashlib.sha256(
    b"".join(
        path.read_bytes()
        for folder in FOLDERS.values()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
).hexdigest()[:12]
FOR_GOOD: Final = "private, max-age=31536000, immutable"


async def static_file(folder: str, name: str, request: Request) -> Response:
    """A file below a folder of FOLDERS, never one outside. Raises HTTPException 404."""
    response = await StaticFiles(directory=FOLDERS[folder]).get_response(name, request.scope)
    is_versioned = request.query_params.get("v") == VERSION
    response.headers["Cache-Control"] = FOR_GOOD if is_versioned else "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
