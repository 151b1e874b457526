"""Answers that do not come from the platform: of a proxy, a gateway, another server.

Every answer of the platform has an ``opc-request-id`` [REST reference]. What comes without it says
nothing about models and runs, whatever its status and its body are.
"""

from __future__ import annotations

from mlflow_oci_aidp.client.surroundings import Destination
from mlflow_oci_aidp.error_codes import OTHER_SERVERS_STATUSES, STATUS_CAUSES, STATUS_REMEDIES
from mlflow_oci_aidp.errors import PlatformError, code_of_class, message_in

#: What to add for a change that a server before the platform may have passed on.
NOT_KNOWN = (
    "Whether the change took effect is not known: read the entity before the call is made again."
)
#: Statuses of servers that may do their work later.
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Statuses after which the platform may have done its work all the same.
_UNCERTAIN = frozenset({408, 500, 502, 504})
_LONGEST_MESSAGE = 200


def answer_of_another_server(
    call: str,
    destination: Destination,
    status: int,
    body: bytes,
    sent_as: str,
    *,
    is_change: bool = False,
) -> PlatformError:
    """Return the error for an answer that does not come from the platform.

    Args:
        call: What was asked for, such as the name of MLflow's RPC.
        destination: Where the request went.
        status: The HTTP status.
        body: The body of the answer, whatever it is.
        sent_as: The ``opc-request-id`` of the request; ``""`` if it is not known.
        is_change: Whether the call changes something.
    """
    exception = PlatformError.from_parts(
        OTHER_SERVERS_STATUSES.get(status) or code_of_class(status),
        _cause(call, destination, status, body, sent_as),
        _remedy(destination, status, is_change),
        status=status,
        request_id=sent_as,
    )
    exception.is_from_platform = False
    return exception


def _cause(call: str, destination: Destination, status: int, body: bytes, sent_as: str) -> str:
    sentences = [STATUS_CAUSES.get(status, "")]
    if status == 407:
        sentences = [f"{_proxy(destination)} wants a user name and a password."]
    reference = f"(HTTP {status}, sent as {sent_as})" if sent_as else f"(HTTP {status})"
    redirect = "a redirect, which is not followed, and " if 300 <= status < 400 else ""
    sentences.append(
        f"{call} got {redirect}an answer that does not come from {destination.service} "
        f"{reference}: it has no request id of the platform."
    )
    if message := message_in(body)[:_LONGEST_MESSAGE]:
        sentences.append(f"It says {message!r}.")
    return " ".join(filter(None, sentences))


def _proxy(destination: Destination) -> str:
    text = str(destination.proxy or "a proxy")
    return text[0].upper() + text[1:]


def _remedy(destination: Destination, status: int, is_change: bool) -> str:
    advice = f"{destination.check}: another server answers there"
    if status in STATUS_CAUSES:
        return f"{STATUS_REMEDIES[status]} {advice}, or stands before the platform."
    if status in _LATER:
        advice += "; if it is right, make the call again later"
    return f"{advice}.{f' {NOT_KNOWN}' if is_change and status in _UNCERTAIN else ''}"
