"""Files of a model for its owner: checked before the first byte leaves, streamed, never whole in memory."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.http import HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify

from modelstore.access import unusable_model
from modelstore.bundles import local_cache, stored_files
from modelstore.bundles.code_files import code_files
from modelstore.bundles.generated_code import NoCode
from modelstore.bundles.standalone_files import Opener, reads_in_browser, standalone_files, web_files
from modelstore.downloads import presigned
from modelstore.ground import files, naming
from modelstore.ground.errors import FlashError
from modelstore.ground.zip_stream import zip_chunks, zip_size
from modelstore.models import TrainedModel
from training.bundle.manifest import MANIFEST_FILE, ONNX_FILE, SAFETENSORS_FILE, TORCH_FILE, BundleDamaged

PLOT_FILE = "accuracy.svg"
BUNDLE, WEB, CODE = "bundle", "web", "code"
# What is no single file of the model is a zip.
FORMATS = {
    "onnx": ONNX_FILE,
    "pytorch": TORCH_FILE,
    "safetensors": SAFETENSORS_FILE,
    WEB: None,
    BUNDLE: None,
    CODE: None,
}
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; sandbox"


class NotDownloadable(FlashError):
    """Whoever submitted the job chose that its model stays here."""

    status = 403
    code = "not_downloadable"
    title = "This model cannot be downloaded"


class FormatUnknown(FlashError):
    """No such format."""

    status = 400
    code = "format_unknown"
    title = "There is no such format"


class FileMissing(FlashError):
    """This model was published without that file."""

    status = 404
    code = "file_not_found"
    title = "This model has no such file"


class ByteStream(Iterator[bytes]):
    """Chunks of a response; closes what it reads from, also when nobody reads to the end."""

    def __init__(self, chunks: Iterator[bytes], resources: ExitStack) -> None:
        self._chunks = chunks
        self._resources = resources

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        """Closes the files behind; safe to call twice."""
        self._resources.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadFile:
    """A file on its way out; `size` in bytes, None where it is not known before. Close `stream` when done."""

    name: str
    content_type: str
    stream: ByteStream
    size: int | None


def open_download(*, model: TrainedModel, format: str) -> DownloadFile:
    """The model's file in `format`: onnx, pytorch, safetensors; a zip: bundle (all files), web (a page), code.

    Raises FormatUnknown (400), NotDownloadable (403), FileMissing (404), ModelExpired (410) if the model was
    pruned meanwhile, ModelDamaged (503), StorageUnavailable (503).
    """
    _check_allowed(model, format)
    file = FORMATS[format]
    if format == CODE:
        return _open_zip(model, f"{_base_name(model)}-code", checked_code(model))
    if format == WEB:
        return _open_zip(model, f"{_base_name(model)}-page", checked_page(model))
    if file is None:
        return _open_bundle(model, _base_name(model))
    return _open_file(model, file, f"{_base_name(model)}{Path(file).suffix}", "application/octet-stream")


def respond(*, model: TrainedModel, format: str) -> HttpResponseBase:
    """The answer to whoever downloads: the file, or a redirect to the bucket. Raises as `open_download`."""
    _check_allowed(model, format)
    file = FORMATS[format]
    if file is not None and file in model.manifest["files"]:
        name = f"{_base_name(model)}{Path(file).suffix}"
        if address := presigned.address(model=model, file=file, name=name):
            headers = {"Cache-Control": "no-store, private", "Referrer-Policy": "no-referrer"}
            return HttpResponseRedirect(address, headers=headers)
    return download_response(open_download(model=model, format=format))


def _check_allowed(model: TrainedModel, format: str) -> None:
    if format not in FORMATS:
        raise FormatUnknown(f"Choose one of these formats: {', '.join(FORMATS)}.")
    check_downloadable(model)


def check_downloadable(model: TrainedModel) -> None:
    """Raises NotDownloadable (403) where its files are to stay here."""
    if not model.downloadable:
        raise NotDownloadable(
            "This model was trained as not downloadable. It can be used for predictions only."
        )


def _base_name(model: TrainedModel) -> str:
    return f"{naming.file_stem(model.task_name)}-{slugify(model.model_name)}"


def open_accuracy_plot(*, model: TrainedModel) -> DownloadFile:
    """The plot of accuracy over the epochs, an SVG; for downloadable models and others."""
    return _open_file(model, PLOT_FILE, PLOT_FILE, "image/svg+xml")


def download_response(download: DownloadFile, *, inline: bool = False) -> StreamingHttpResponse:
    """Streams it: an attachment unless `inline`, its type not to be guessed at, kept by nobody on the way."""
    response = StreamingHttpResponse(download.stream, content_type=download.content_type)
    if download.size is not None:
        response.headers["Content-Length"] = str(download.size)
    response.headers["Content-Disposition"] = (
        content_disposition_header(not inline, download.name) or "inline"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    if download.content_type == "image/svg+xml":
        # Opened by itself an SVG is a document: it may draw, and nothing else.
        response.headers["Content-Security-Policy"] = _SVG_POLICY
    return response


def _open_file(model: TrainedModel, file: str, name: str, content_type: str) -> DownloadFile:
    if file not in model.manifest["files"]:
        raise FileMissing(f"This model has no {file}.")
    with ExitStack() as stack:
        handle = stack.enter_context(open_checked(model, file))
        size = int(model.manifest["files"][file]["bytes"])
        return DownloadFile(
            name=name,
            content_type=content_type,
            size=size,
            stream=ByteStream(_chunks(handle), stack.pop_all()),
        )


def _open_bundle(model: TrainedModel, base: str) -> DownloadFile:
    own = sorted({*model.manifest["files"], MANIFEST_FILE})
    files = {name: partial(open_checked, model, name) for name in own}
    return _open_zip(model, base, files | standalone_files(model, partial(open_checked, model)))


def checked_code(model: TrainedModel) -> dict[str, Opener]:
    """The code that trains the model again; raises FileMissing (404) where there is none, else as `open_download`."""
    try:
        return code_files(model, partial(open_checked, model))
    except NoCode as error:
        raise FileMissing(str(error)) from error


def checked_page(model: TrainedModel) -> dict[str, Opener]:
    """The page that predicts in a browser; raises FileMissing (404) where it could not, else as `open_download`."""
    if not reads_in_browser(model):
        raise FileMissing(
            "There is no page for browsers for this model: it reads sentences as an encoder of many languages does, "
            "which the page cannot. predict.py in the bundle can."
        )
    return web_files(model, partial(open_checked, model))


def _open_zip(model: TrainedModel, base: str, files: Mapping[str, Opener]) -> DownloadFile:
    """The files in a folder `base` of a zip."""
    with ExitStack() as stack:
        members = {
            f"{base}/{name}": _measured(stack.enter_context(opener())) for name, opener in files.items()
        }
        size = zip_size({name: length for name, (_, length) in members.items()})
        chunks = zip_chunks(members, modified=model.created)
        return DownloadFile(
            name=f"{base}.zip",
            content_type="application/zip",
            size=size,
            stream=ByteStream(chunks, stack.pop_all()),
        )


def _measured(handle: IO[bytes]) -> tuple[IO[bytes], int]:
    size = handle.seek(0, 2)
    handle.seek(0)
    return handle, size


def _chunks(handle: IO[bytes]) -> Iterator[bytes]:
    while chunk := handle.read(files.CHUNK):
        yield chunk


def open_checked(model: TrainedModel, file: str) -> IO[bytes]:
    """An open handle on a file as it was published, checked by its sha256.

    Pruning the model takes nothing away from who holds it. Raises as `open_download` does.
    """
    with ExitStack() as stack:
        try:
            facts = model.manifest["files"].get(file, {})
            handle = stack.enter_context(stored_files.opened(f"{model.storage_prefix}/{file}", facts))
            _check(handle, file, model.manifest)
        except (FileNotFoundError, BundleDamaged) as error:
            raise unusable_model(model, error) from error
        handle.seek(0)
        stack.pop_all()
        return handle


def _check(handle: IO[bytes], file: str, manifest: dict[str, Any]) -> None:
    if file == MANIFEST_FILE:
        local_cache.check_manifest(handle.read(), manifest)
    elif _sha256(handle) != manifest["files"][file]["sha256"]:
        raise BundleDamaged(f"{file} has been changed since it was written")


def _sha256(handle: IO[bytes]) -> str:
    checksum = hashlib.sha256()
    for chunk in _chunks(handle):
        checksum.update(chunk)
    return checksum.hexdigest()
