"""Licences by their SPDX identifiers, which name one licence and no other."""

from __future__ import annotations

from pathlib import Path

from ttc.errors import DataError, UsageError
from ttc.store.atomic import reason

_MOST_CITATION = 65_536  # bytes
_USUAL = "CC-BY-4.0, CC0-1.0, MIT, Apache-2.0, ODC-By-1.0"


def checked(text: str, where: str) -> str:
    """An SPDX licence expression in its canonical form; an empty text stays one.

    A licence of one's own is `LicenseRef-` and a name. Raises `UsageError` naming `where`.
    """
    # packaging keeps SPDX's list up to date for Python's own metadata.
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if not text.strip():
        return ""
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        raise UsageError(
            f"{where} {text[:80]}: no SPDX identifier, such as {_USUAL} "
            "(spdx.org/licenses has all); one of your own is LicenseRef-NAME"
        ) from None


def citation_text(said: str) -> str:
    """What is said, or what stands in the file that it names. Raises `DataError`."""
    try:
        path = Path(said)
        if not said or not path.is_file():
            return said.strip()
        if path.stat().st_size > _MOST_CITATION:
            raise DataError(f"{path}: a citation has {_MOST_CITATION:,} bytes at most")
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise DataError(f"{said}: not a text in UTF-8") from None
    except ValueError:  # a NUL
        return said.strip()
    except OSError as error:
        if len(said) > 255:  # a text, too long for a name
            return said.strip()
        raise DataError(f"can't read {said}: {reason(error)}") from error
