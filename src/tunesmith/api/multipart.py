"""A form with one file, read as it arrives: small fields into memory, the file straight into its sink."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from tunesmith.errors import InvalidRequest

MAX_FIELD_BYTES = 64 * 1024
MAX_PARTS = 64
WRITE_SIZE = 1024 * 1024


class FormReader:
    """Pushed chunks become `fields` and, for the part named `file_field`, calls of `sink`.

    Fields may come before or after the file. `feed` raises InvalidRequest for what is not such a form, and whatever
    `sink` raises.
    """

    def __init__(self, boundary: bytes, *, file_field: str, sink: Callable[[bytes], None]) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self._file_field = file_field
        self._sink = sink
        self._is_whole = False
        self._is_file = False
        self._n_parts = 0
        self._headers: dict[str, bytes] = {}
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._name = ""
        self._value = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": lambda data, start, end: self._header_name.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header_value.extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._part_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:  # the boundary is too long
            raise _not_a_form(str(error)) from error

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _not_a_form(str(error)) from error

    def finish(self) -> None:
        """Raises InvalidRequest when the form broke off before its closing boundary."""
        if not self._is_whole:
            raise _not_a_form("it ended before its closing boundary")

    def _begin_part(self) -> None:
        self._n_parts += 1
        if self._n_parts > MAX_PARTS:
            raise _not_a_form(f"it has more than {MAX_PARTS} parts")
        self._headers = {}

    def _end_header(self) -> None:
        self._headers[self._header_name.decode("latin-1").lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._value = bytearray()
        self._is_file = self._name == self._file_field
        if not self._is_file:
            return
        if self.filename is not None:
            raise _not_a_form(f"it has more than one part named '{self._file_field}'")
        self.filename = options.get(b"filename", b"upload").decode("utf-8", "replace")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._sink(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > MAX_FIELD_BYTES:
            raise _not_a_form(f"its field '{self._name}' is over {MAX_FIELD_BYTES} bytes")

    def _end_part(self) -> None:
        if not self._is_file:
            self.fields[self._name] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self._is_whole = True


async def read_form(
    request: Request, body: AsyncIterator[bytes], *, file_field: str, sink: Callable[[bytes], None]
) -> FormReader:
    """Read the form that is the `body` of a request. `sink` is called in a worker thread, about 1 MiB at a time."""
    reader = FormReader(_boundary(request), file_field=file_field, sink=sink)
    waiting = bytearray()
    async for chunk in body:
        waiting += chunk
        if len(waiting) >= WRITE_SIZE:
            await run_in_threadpool(reader.feed, bytes(waiting))
            waiting.clear()
    await run_in_threadpool(reader.feed, bytes(waiting))
    reader.finish()
    return reader


def _boundary(request: Request) -> bytes:
    content_type, options = parse_options_header(request.headers.get("content-type"))
    if content_type != b"multipart/form-data" or not options.get(b"boundary"):
        found = request.headers.get("content-type", "no Content-Type")
        raise InvalidRequest(
            f"Expected a multipart/form-data body with a boundary, but got '{found}'. Send the file with curl's -F, or "
            "with client.files.create(file=open(path, 'rb'), purpose='fine-tune').",
            code="unsupported_content_type",
        )
    return options[b"boundary"]


def _not_a_form(reason: str) -> InvalidRequest:
    return InvalidRequest(f"We could not parse the multipart form of your request: {reason}.", code="invalid_form")
