"""The zip archive that an Excel workbook is: its parts as streams, after their sizes have been looked at."""

from __future__ import annotations

import errno
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError

from tunesmith.data.tables.packed import MAX_RATIO, seekable
from tunesmith.data.tables.problems import refused
from tunesmith.data.tables.xml_parts import Listener, OutsizedXml, listen
from tunesmith.errors import InvalidFile

# Parsed at about ten megabytes a second: what takes longer than a minute should come as CSV.
MAX_SHEET_BYTES = 512 * 2**20
# Names, styles and sheet lists; they are kept in memory.
MAX_SMALL_PART_BYTES = 8 * 2**20
MAX_DIRECTORY_BYTES = 2**20
_SMALL_BYTES = 16 * 2**20

_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, struct.error, ParseError, UnicodeDecodeError),
    *(NotImplementedError, OSError),
)


@contextmanager
def open_archive(path: Path, name: str, is_compressed: bool) -> Iterator[zipfile.ZipFile]:
    with seekable(path, name=name, is_compressed=is_compressed) as stream:
        try:
            _check_directory(stream, name)
            stream.seek(0)
            archive = zipfile.ZipFile(stream)
        except _DAMAGED as error:
            raise _damaged(name, error) from error
        with archive:
            if not holds(archive, "xl/workbook.xml"):
                raise _no_workbook(name, archive)
            yield archive


def _check_directory(stream: BinaryIO, name: str) -> None:
    """The list of members is read into memory before anything can be asked about it."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 2**16 - 22))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 20:
        raise zipfile.BadZipFile("the list of its parts is missing")
    (n_bytes,) = struct.unpack_from("<I", tail, at + 12)
    if n_bytes > MAX_DIRECTORY_BYTES:
        raise _bomb(name)


def holds(archive: zipfile.ZipFile, part: str | None) -> bool:
    return part is not None and part in archive.NameToInfo


def _no_workbook(name: str, archive: zipfile.ZipFile) -> InvalidFile:
    members = archive.namelist()
    kinds = {
        "word/": ("a Word document", "Word 文档"),
        "ppt/": ("a PowerPoint presentation", "PowerPoint 文档"),
        "xl/workbook.bin": ("a binary Excel workbook (.xlsb)", "二进制 Excel 文件（.xlsb）"),
        "content.xml": ("an OpenDocument file (.ods, .odt)", "OpenDocument 文件（.ods、.odt）"),
    }
    for start, (en, zh) in kinds.items():
        if any(member.startswith(start) for member in members):
            message = f"the file is {en}; save it as .xlsx, .csv or .jsonl"
            return refused(name, "not_a_table", message, f"这是{zh}；请另存为 .xlsx、.csv 或 .jsonl")
    listed = ", ".join(members[:3]) + (", ..." if len(members) > 3 else "")
    message = f"the file is a zip archive ({listed}), not an Excel workbook; unpack it and send what is in it"
    return refused(
        name, "zip_archive", message, f"这是 zip 压缩包（{listed}），不是 Excel 文件；请解压后上传其中的文件"
    )


def _damaged(name: str, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # the disk's, not the file's
        return error
    en = f"the Excel workbook is damaged or cut off ({error}); copy or save it again"
    return refused(name, "xlsx_damaged", en, "Excel 文件已损坏或不完整；请重新复制或另存")


def _bomb(name: str) -> InvalidFile:
    en = (
        f"the Excel workbook unpacks to more than {MAX_RATIO} times its size or {MAX_SHEET_BYTES // 2**20} MB;"
        " export the sheet as .csv"
    )
    zh = f"Excel 文件解压后超过原大小的 {MAX_RATIO} 倍或 {MAX_SHEET_BYTES // 2**20} MB；请将工作表导出为 .csv"
    return refused(name, "xlsx_bomb", en, zh)


@contextmanager
def _part(archive: zipfile.ZipFile, part: str, name: str, limit: int) -> Iterator[IO[bytes]]:
    info = archive.NameToInfo.get(part)
    if info is None:
        raise zipfile.BadZipFile(f"{part} is missing")
    if info.file_size > limit or info.file_size > max(_SMALL_BYTES, MAX_RATIO * info.compress_size):
        raise _bomb(name)
    if info.flag_bits & 1:
        en = "the Excel workbook is protected with a password; save it without one"
        raise refused(name, "xlsx_password", en, "Excel 文件有密码保护；请去掉密码后另存")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{part} is packed in a way that Excel does not use")
    with archive.open(info) as stream:
        yield stream


def events(archive: zipfile.ZipFile, part: str, listener: Listener, name: str, *, limit: int) -> Iterator[None]:
    try:
        with _part(archive, part, name, limit) as stream:
            yield from listen(stream, listener)
    except DefusedXmlException as error:
        en = "the Excel workbook holds XML entities, which no spreadsheet program writes; it was not opened"
        raise refused(
            name, "xlsx_entities", en, "Excel 文件中含有 XML 实体，正常的表格软件不会写入；已拒绝打开"
        ) from error
    except OutsizedXml as error:
        en = f"the Excel workbook holds XML that no spreadsheet program writes ({error})"
        raise refused(name, "xlsx_outsized", en, "Excel 文件中的 XML 异常，正常的表格软件不会写入") from error
    except _DAMAGED as error:
        raise _damaged(name, error) from error


def read_part(
    archive: zipfile.ZipFile, part: str, listener: Listener, name: str, *, limit: int = MAX_SMALL_PART_BYTES
) -> None:
    for _ in events(archive, part, listener, name, limit=limit):
        pass
