"""The streams of files: for each row of an endpoint that names a file, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_DIVISION = {"type": "integer", "description": "The number of the administration in Exact Online."}
_SHA256 = {
    "type": ["string", "null"],
    "description": "The SHA-256 of the content, in hexadecimal: files with the same content have the same.",
}
_SIZE = {"type": ["integer", "null"], "description": "How many bytes the file has."}
_TYPE = {
    "type": ["string", "null"],
    "description": "The type of the content as Exact's answer named it, for example `application/pdf`.",
}
_PLACE = {
    "type": ["string", "null"],
    "description": "Where the file is kept: a path, or a URL in a bucket. The same content is kept once, so rows may share it.",
}
_WHEN = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "An instant, in UTC: when the file was fetched.",
}


@dataclass(frozen=True, slots=True)
class Filed:
    """What a stream of files goes by.

    Attributes:
        address: The path that gives the files, for limits and messages.
        url: The property that holds the address of a file; a row without one has none.
        fields: What else is asked of the endpoint.
        columns: The columns, as JSON Schema.
        name: The property that holds a file's name.
        size: The property that holds its size; empty where none does.
        document: The property that holds the document it belongs to; empty where none does.
        options: What is added to its address.
        replaced: Another file can take its place, and nothing but a change of the row tells.
    """

    address: str
    url: str
    fields: tuple[str, ...]
    columns: Mapping[str, Mapping[str, Any]]
    name: str
    size: str = ""
    document: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    replaced: bool = False


def _timestamp(of: str) -> Mapping[str, Any]:
    return {"type": "integer", "description": f"The row version of the {of}. Not a time."}


FILED: Mapping[str, Filed] = {
    "document_attachment_files": Filed(
        "docs/SysAttachment.aspx",
        "Url",
        ("Document", "FileName", "FileSize"),
        {
            "Division": _DIVISION,
            "ID": {
                "type": "string",
                "format": "uuid",
                "description": "The attachment, as in `document_attachments`.",
            },
            "Timestamp": _timestamp("attachment"),
            "Document": {
                "type": ["string", "null"],
                "format": "uuid",
                "description": "The document that it belongs to.",
            },
            "FileName": {"type": ["string", "null"], "description": "Its name in Exact."},
            "FileSize": _SIZE,
            "Sha256": _SHA256,
            "ContentType": _TYPE,
            "Place": _PLACE,
            "FetchedAt": _WHEN,
        },
        name="FileName",
        size="FileSize",
        document="Document",
        options={"Download": "1"},
    ),
    "item_pictures": Filed(
        "docs/SysImage.aspx",
        "PictureUrl",
        ("Division", "Code", "PictureName"),
        {
            "Division": _DIVISION,
            "ID": {"type": "string", "format": "uuid", "description": "The item, as in `items`."},
            "Timestamp": _timestamp("item"),
            "Code": {"type": ["string", "null"], "description": "The code of the item."},
            "PictureName": {"type": ["string", "null"], "description": "The name of the picture in Exact."},
            "FileSize": _SIZE,
            "Sha256": _SHA256,
            "ContentType": _TYPE,
            "Place": _PLACE,
            "FetchedAt": _WHEN,
        },
        name="PictureName",
        replaced=True,
    ),
}
"""Each of them, by the name of its stream."""
