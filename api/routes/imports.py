"""`/v1/imports`: files of orders, products and customers by HTTP, what was imported, and taking it back."""

import asyncio
import csv
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.imports import (
    FileAsk,
    ImportAsk,
    Imports,
    ImportState,
    Rejects,
    TakenBack,
    UploadAsk,
    UploadedFile,
)
from api.serving import import_process, uploads
from api.serving.inputs import Sent, body_of, query_of
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import documented, takes, takes_file
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.home import Home
from features.importers.records import ImportRecord, NoSuchImport, read_record, records, rejects_path
from features.store.disk_reserve import is_full

router = APIRouter(tags=["imports"])
MOST_REJECTS = 50
NEXT = (
    "Until `perennial rebuild` has run, with the service stopped, an order of this import that is sent again "
    "by HTTP is not taken; the next training goes by what is left."
)


@router.post(
    "/v1/imports/files",
    **documented(
        UploadedFile,
        413,
        422,
        501,
        503,
        status=201,
        query=UploadAsk,
        body=takes_file(),
    ),
)
async def upload_file(
    request: Request, service: SecretService, ask: Annotated[UploadAsk, query_of(UploadAsk)]
) -> Response:
    """Send a file as it is (CSV, Excel, zip and all that `perennial import` reads), and see what it seems to
    be. Nothing is taken yet; a file that nobody imports is removed after a day. Needs a secret key."""
    import_process.require_importers()
    if is_full(service.home.root, service.store_settings.disk_reserve_mb):
        raise Problem(503, "The disk is full: nothing can be taken until there is room.")
    most_bytes = service.settings.max_upload_mb * 1_000_000
    id = await uploads.keep(service.home, ask, request.stream(), most_bytes)
    try:
        return await _previewed(request, service, id, ask, status=201)
    except Problem:
        uploads.discard(service.home, id)
        raise


@router.get("/v1/imports/files/{id}", **documented(UploadedFile, 404, 422, 501, 503, query=FileAsk))
async def uploaded_file(
    id: str, request: Request, service: SecretService, ask: Annotated[FileAsk, query_of(FileAsk)]
) -> Response:
    """What a file that was sent seems to be, as another kind or of another sheet. Needs a secret key."""
    import_process.require_importers()
    return await _previewed(request, service, id, ask, status=200)


@router.post(
    "/v1/imports",
    **documented(ImportState, 400, 404, 409, 413, 422, 501, 503, status=202, body=takes(ImportAsk)),
)
async def start_import(
    request: Request, service: SecretService, body: Annotated[Sent[ImportAsk], body_of(ImportAsk)]
) -> Response:
    """Import a file that was sent, in a process of its own, or try it with `dry_run`. Needs a secret key.

    Ask `GET /v1/imports/{id}` how far it is. The file is removed when it was taken.
    """
    import_process.require_importers()
    ask = body.checked
    await asyncio.to_thread(import_process.begin, service.home, request.app.state.redis_url, ask)
    return JsonReply(encode(_file_state(service.home, ask.file)), status=202)


@router.get("/v1/imports", **documented(Imports, 503))
async def list_imports(service: SecretService) -> Response:
    """All imports, and the files that came by HTTP in the last day; newest first. Needs a secret key."""
    done = await asyncio.to_thread(lambda: sorted(records(service.home), key=_when, reverse=True))
    files = await asyncio.to_thread(import_process.states, service.home)
    return JsonReply(encode(Imports([_brief(each) for each in done], files)))


@router.get("/v1/imports/{id}", **documented(ImportState, 404, 503))
async def one_import(id: str, service: SecretService) -> Response:
    """How far an import is, what became of it, and the first rows that were set aside. id: of the file or of
    the import. Needs a secret key."""
    read = _file_state if uploads.ID.fullmatch(id) else _imported
    return JsonReply(encode(await asyncio.to_thread(read, service.home, id)))


@router.delete("/v1/imports/{id}", **documented(TakenBack, 404, 409, 422, 501, 503))
async def take_back(id: str, request: Request, service: SecretService) -> Response:
    """Take an import of orders or customers out of the history again; or remove a file that was sent and not
    imported. Needs a secret key."""
    if uploads.ID.fullmatch(id):
        await asyncio.to_thread(uploads.discard, service.home, id)
        return JsonReply(encode(TakenBack(id)))
    import_process.require_importers()
    record = (await asyncio.to_thread(_imported, service.home, id)).record
    taken = await asyncio.to_thread(
        import_process.undo, service.home, request.app.state.redis_url, record.id if record else id
    )
    return JsonReply(encode(msgspec.structs.replace(taken, next=NEXT)))


async def _previewed(request: Request, service: Service, id: str, ask: FileAsk, *, status: int) -> Response:
    redis_url = request.app.state.redis_url
    found = await asyncio.to_thread(import_process.preview, service.home, redis_url, id, ask)
    return JsonReply(encode(found), status=status)


def _file_state(home: Home, id: str) -> ImportState:
    """Raises Problem 404."""
    state = import_process.state(uploads.folder_of(home, id))
    if not state.summary or state.state != "imported":
        return state
    own = state.summary.get("id")
    record = _brief(read_record(home, own)) if own else None
    path = state.summary.get("rejects_file")
    rejects = _rejects(home.reports / Path(path).name) if path else None
    return msgspec.structs.replace(state, record=record, rejects=rejects)


def _imported(home: Home, id: str) -> ImportState:
    """Raises Problem 404."""
    try:
        record = read_record(home, id)
    except NoSuchImport as error:
        raise Problem(404, str(error)) from error
    return ImportState(
        id=record.id,
        state="taken_back" if record.undone_at else "imported",
        file=", ".join(record.files),
        at=record.received_at,
        record=_brief(record),
        rejects=_rejects(rejects_path(home, Path(record.files[0]), record.received_at)),
    )


def _rejects(path: Path) -> Rejects | None:
    """The first rows of such a file; None where there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            columns, *rows = islice(csv.reader(file), MOST_REJECTS + 1)
    except (FileNotFoundError, ValueError):
        return None
    return Rejects(f"reports/{path.name}", columns, rows)


def _brief(record: ImportRecord) -> ImportRecord:
    """Without the lists of ids, which may be long."""
    return msgspec.structs.replace(record, new_products=(), new_aliases=())


def _when(record: ImportRecord) -> str:
    return record.id
