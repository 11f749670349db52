"""A file in a `multipart/form-data` body, read by the standard library's parser of mail."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP

from ttc.serve.errors import ApiError


def read_form(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """The fields and the files (name, content) of a form. Raises `ApiError`."""
    if not kind.lower().startswith("multipart/form-data"):
        raise ApiError(400, "a file comes as multipart/form-data", "file")
    head = b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise ApiError(400, "the form can't be read", "file")
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        if (filename := part.get_filename()) is not None:
            files[name] = (filename, content)
        else:
            fields[name] = content.decode(errors="replace").strip()
    return fields, files
