"""The loggers of what ``oci`` makes, kept quiet whatever a program configures.

``oci`` disables the logger of each client and signer unless its log is asked for. But
``logging.config.dictConfig`` enables all loggers again (with ``disable_existing_loggers`` false, as
most programs have it). The log of a client then has a line at INFO for each request, and that of a
federation client has what came with a token at DEBUG. [oci.base_client, oci.auth.federation_client]
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

_ROOM = "oci"


def quiet_client(client: Any) -> None:
    """Have a client of ``oci`` log warnings alone, unless a level was set for ``oci``'s loggers.

    Args:
        client: A client of a service.
    """
    for logger in _loggers(client):
        if not _has_own_level(logger):
            logger.setLevel(logging.WARNING)


def quiet_signer(signer: Any) -> Any:
    """Have a signer of ``oci`` log warnings alone, even if the program wants more of ``oci``.

    Args:
        signer: The signer.

    Returns:
        The signer.
    """
    for logger in _loggers(signer):
        # A filter stays where dictConfig takes the level away again.
        logger.addFilter(_is_warning)
    return signer


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _loggers(owner: Any, depth: int = 2) -> Iterator[logging.Logger]:
    """Yield the loggers of an object of ``oci``'s and of those that it is made of."""
    for value in list(getattr(owner, "__dict__", {}).values()):
        if isinstance(value, logging.Logger):
            if value.name.startswith(f"{_ROOM}."):
                yield value
        elif depth and type(value).__module__.partition(".")[0] == _ROOM:
            yield from _loggers(value, depth - 1)


def _has_own_level(logger: logging.Logger) -> bool:
    """Tell whether a level was set for a logger, or for one above it that is ``oci``'s."""
    while True:
        if logger.level != logging.NOTSET:
            return True
        if logger.name == _ROOM or logger.parent is None or logger.parent is logging.root:
            return False
        logger = logger.parent
