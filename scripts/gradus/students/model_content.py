"""The content of a local model's folder as one hash that costs no more to find than a look at the folder.

Small files count whole. Weights are gigabytes, and Snakemake asks for the hash with every job: of a safetensors file its header
(names, types, shapes and places of all tensors) and the first, middle and last kibibyte of every tensor count, of any other large
file as many of its pieces. A training, a merge or a conversion changes these; the hashes of whole files are in the pinned
reference (``base_models.fetch_reference``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_WHOLE = 2**22  # bytes of a file that count all
_PIECE = 1024
_PIECES = 256  # of a large file that names no tensors


def folder_content(folder: Path) -> str:
    """``sha256:...`` of the files of a folder: their names, sizes and content; of large ones pieces. OSError if unreadable."""
    digest = hashlib.sha256()
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.name}\0{size}\0".encode())
        with open(path, "rb") as stream:
            if size <= _WHOLE:
                digest.update(stream.read())
                continue
            for start in _tensor_starts(stream, path, size):
                stream.seek(start)
                digest.update(stream.read(_PIECE))
    return f"sha256:{digest.hexdigest()}"


def _tensor_starts(stream: BinaryIO, path: Path, size: int) -> Iterator[int]:
    """Where the pieces begin that count."""
    spans = _tensors(stream, size) if path.suffix == ".safetensors" else []
    if not spans:
        yield from range(0, size, max(_PIECE, size // _PIECES))
        return
    yield from range(0, spans[0][0], _PIECE)  # the header
    for begin, end in spans:
        yield from sorted({begin, (begin + end) // 2, max(begin, end - _PIECE)})


def _tensors(stream: BinaryIO, size: int) -> list[tuple[int, int]]:
    """Begin and end of every tensor of a safetensors file, in order; empty where it is none."""
    length = int.from_bytes(stream.read(8), "little")
    if length > size:
        return []
    try:
        header = json.loads(stream.read(length))
        spans = [one["data_offsets"] for name, one in header.items() if name != "__metadata__"]
        return sorted((8 + length + begin, 8 + length + end) for begin, end in spans)
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
