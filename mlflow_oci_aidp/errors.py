"""Every error of this package: one shape for what the user did, one for what the platform answered.

Both are MLflow's own exceptions, so that code written against another MLflow server keeps working:
:py:class:`mlflow.exceptions.MlflowException` for what was wrong before a request was made, and
:py:class:`mlflow.exceptions.RestException`, whose text begins with the error code, for what a server refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import ErrorCode

T = TypeVar("T")

#: Seconds by which a clock may be off before OCI refuses a signature. [OCI documentation]
ALLOWED_SKEW = 300.0

#: OCI's error codes (https://docs.oracle.com/iaas/Content/API/References/apierrors.htm) as MLflow's.
CODES: Mapping[str, str] = {
    "CannotParseRequest": "INVALID_PARAMETER_VALUE",
    "InvalidParameter": "INVALID_PARAMETER_VALUE",
    "MissingParameter": "INVALID_PARAMETER_VALUE",
    "LimitExceeded": "RESOURCE_LIMIT_EXCEEDED",
    "QuotaExceeded": "QUOTA_EXCEEDED",
    "NotAuthenticated": "UNAUTHENTICATED",
    "NotAuthorized": "PERMISSION_DENIED",
    "NotAuthorizedOrNotFound": "RESOURCE_DOES_NOT_EXIST",
    "NotAuthorizedOrResourceAlreadyExists": "RESOURCE_ALREADY_EXISTS",
    "IncorrectState": "RESOURCE_CONFLICT",
    "LockConflict": "RESOURCE_CONFLICT",
    "InvalidatedRetryToken": "RESOURCE_CONFLICT",
    "TooManyRequests": "REQUEST_LIMIT_EXCEEDED",
    "MethodNotImplemented": "NOT_IMPLEMENTED",
}

#: HTTP statuses as MLflow's error codes, for answers whose code is missing or not listed above.
STATUSES: Mapping[int, str] = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    405: "BAD_REQUEST",
    408: "DEADLINE_EXCEEDED",
    409: "RESOURCE_CONFLICT",
    412: "ABORTED",
    413: "BAD_REQUEST",
    415: "BAD_REQUEST",
    422: "INVALID_PARAMETER_VALUE",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "TEMPORARILY_UNAVAILABLE",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

#: Conflicts that are not about a name that is taken.
_OTHER_CONFLICTS = frozenset({"IncorrectState", "LockConflict", "InvalidatedRetryToken"})

#: One sentence of remedy, by OCI's code where that says more than the status.
_CODE_REMEDIES: Mapping[str, str] = {
    "InvalidatedRetryToken": (
        "Whether the change took effect is not known: read the entity before the call is made again."
    ),
}

#: One sentence of remedy, by status.
_STATUS_REMEDIES: Mapping[int, str] = {
    400: "Correct the argument that the message names.",
    401: (
        "Check that the key, the fingerprint and the user belong together, that the clock is right and that a "
        "session token is not expired (`oci session refresh` renews one)."
    ),
    403: "Ask for a policy that lets this identity do it.",
    404: (
        "Check the name, the version and the AI Data Platform's OCID; OCI answers the same where a policy does not "
        "let this identity see the resource."
    ),
    409: "Read the entity and make the call again if the change is still wanted.",
    429: "Make fewer calls at a time, or make this one again later.",
    501: "Use one of the operations that the platform has.",
}
_SERVER_REMEDY = "Make the call again later, and give Oracle's support the opc-request-id if it stays."
OTHER_REMEDY = "Check the endpoint: this may not be the answer of an AI Data Platform."


def error(error_code: str, cause: str, remedy: str) -> MlflowException:
    """An error that this side found out by itself.

    Args:
        error_code: A name of MLflow's ``ErrorCode``.
        cause: One sentence, with its full stop, on what is wrong.
        remedy: One sentence, with its full stop, on what to do.

    Returns:
        The exception, to be raised by the caller.
    """
    return MlflowException(f"{cause} {remedy}", error_code=ErrorCode.Value(error_code))


def invalid_parameter(cause: str, remedy: str) -> MlflowException:
    """An ``INVALID_PARAMETER_VALUE``, made as by :py:func:`error`."""
    return error("INVALID_PARAMETER_VALUE", cause, remedy)


def not_implemented(what: str) -> MlflowException:
    """A ``NOT_IMPLEMENTED`` for something that AI Data Platform lacks; no request is made for it.

    Args:
        what: The thing that is missing, in the plural, as ``"Webhooks"``.
    """
    return error(
        "NOT_IMPLEMENTED",
        f"{what} are not part of AI Data Platform.",
        "Use an MLflow server for them.",
    )


def malformed_response(call: str, problem: str, status: int, request_id: str) -> MlflowException:
    """A success whose body is not what the platform documents.

    Args:
        call: The name of MLflow's RPC.
        problem: What is wrong with the body, as ``"is not a JSON object"``.
        status: The HTTP status.
        request_id: The ``opc-request-id``.
    """
    return error(
        "INTERNAL_ERROR",
        f"The answer to {call} {problem} (HTTP {status}, opc-request-id {request_id or 'unknown'}).",
        OTHER_REMEDY,
    )


def of_file(path: str, doing: str, work: Callable[[], T]) -> T:
    """Do something with a file of this machine, whose problems become MLflow's exceptions.

    Args:
        path: The file.
        doing: What is done to it: ``"read"`` or ``"written"``.
        work: Does it.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``, saying why it cannot be done.
    """
    try:
        return work()
    except OSError as found:
        problem = found.strerror or type(found).__name__
    raise invalid_parameter(
        f"The file {path!r} cannot be {doing}: {problem}.", "Check its path, its permissions and the space on the disk."
    )


def require_body(found: T | None, what: str) -> T:
    """What an answer held.

    Args:
        found: What was read from the body, or None for an answer without one.
        what: What was asked for, as ``"The run 'a1'"``.

    Raises:
        MlflowException: ``INTERNAL_ERROR`` for an answer without a body.
    """
    if found is None:
        raise error(
            "INTERNAL_ERROR",
            f"{what} was answered without a body.",
            "Check the endpoint: this may not be the answer of an AI Data Platform.",
        )
    return found


def clock_note(date: str, now: float) -> str:
    """A sentence on the local clock, if a service's answer shows that it is off; else ``""``.

    Args:
        date: The answer's ``Date`` header, ``""`` without one.
        now: The current time in seconds since the Unix epoch.
    """
    try:
        seconds = now - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return ""
    if abs(seconds) < ALLOWED_SKEW:
        return ""
    return (
        f"This machine's clock is {abs(seconds):.0f} seconds {'ahead of' if seconds > 0 else 'behind'} the "
        f"service's, and OCI refuses signatures that are more than {ALLOWED_SKEW:.0f} seconds off."
    )


def conflict_code(body: bytes) -> str:
    """OCI's error code in a body, ``""`` if there is none."""
    return _text(_json_object(body).get("code"))


def error_from_response(
    status: int, body: bytes, request_id: str, *, claims_name: bool = False, note: str = "", remedy: str = ""
) -> RestException:
    """What a server answered, other than a success, as MLflow's exception.

    Args:
        status: The HTTP status.
        body: The body as it came: an OCI error, an MLflow error, HTML, or nothing.
        request_id: The ``opc-request-id`` of the answer, or of the request where the answer had none.
        claims_name: Whether the operation gives a name to something, so that a conflict means that it is taken.
        note: One more sentence on the circumstances, as a clock that is off.
        remedy: One sentence of remedy, where that of the table does not fit.

    Returns:
        The exception, to be raised by the caller. Its ``error_code`` is the one of the body if that has the
        shape of MLflow's errors, and else comes from :py:data:`CODES` and :py:data:`STATUSES`.
    """
    fields = _json_object(body)
    code = _text(fields.get("code"))
    error_code = _mlflow_code(fields)
    if error_code is None:
        if status == 409 and claims_name and code not in _OTHER_CONFLICTS:
            error_code = "RESOURCE_ALREADY_EXISTS"
        else:
            error_code = CODES.get(code) or STATUSES.get(status) or _class_of(status)
    sentences = [
        _cause(status, code, _text(fields.get("message"))),
        f"(HTTP {status}, opc-request-id {request_id or 'unknown'})",
        note,
        remedy or _remedy(status, code, error_code),
    ]
    return RestException(
        {"error_code": error_code, "message": " ".join(sentence for sentence in sentences if sentence)}
    )


def _cause(status: int, code: str, message: str) -> str:
    if message:
        sentence = f"{code}: {message}" if code else message
        return sentence if sentence.endswith((".", "!", "?")) else sentence + "."
    if code:
        return f"{code}."
    if 300 <= status < 400:
        return "The endpoint answered with a redirect, which is not followed."
    return "The endpoint answered with an error that carries no message."


def _remedy(status: int, code: str, error_code: str) -> str:
    if code in _CODE_REMEDIES:
        return _CODE_REMEDIES[code]
    if error_code == "RESOURCE_ALREADY_EXISTS":
        return "Choose another name, or use what is there."
    if status in _STATUS_REMEDIES:
        return _STATUS_REMEDIES[status]
    return _SERVER_REMEDY if status >= 500 else OTHER_REMEDY


def _class_of(status: int) -> str:
    return "BAD_REQUEST" if 400 <= status < 500 else "INTERNAL_ERROR"


def _mlflow_code(fields: Mapping[str, Any]) -> str | None:
    code = fields.get("error_code")
    return code if isinstance(code, str) and code in ErrorCode.keys() else None  # noqa: SIM118 - an enum


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
