"""Every exception of this package.

All exceptions are MLflow's own too, so that code written against another MLflow server keeps
working. Each is an :py:class:`AidpError`: beside MLflow's ``message`` and ``error_code`` it has the
parts that the message was made of, so that programs need not parse a sentence.

=============================  ======================================================
class                          raised for
=============================  ======================================================
:py:class:`AidpError`          what this package finds out by itself
:py:class:`PlatformError`      what the platform refused; also MLflow's
                               ``RestException``, whose text begins with the error code
:py:class:`LocalFileProblem`   a local file that cannot be read or written, *inside* a
                               transfer; not an ``OSError``
:py:class:`LocalFileError`     the same at the edge of an artifact repository; also the
and its subclasses             fitting ``OSError``
=============================  ======================================================

Problems with local files have two classes on purpose. ``requests`` and the loop that repeats
requests take every ``OSError`` for a broken connection: they would send the request again, and
wrap the exception together with the signed request. So code below a repository uses
:py:func:`local_file_errors`, which raises a :py:class:`LocalFileProblem`. The public methods of a
repository run inside :py:func:`local_files_as_os_errors`, which turns that into the ``OSError``
that callers expect, such as :py:class:`LocalFileNotFoundError`, with nothing in its chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, ErrorCode

from mlflow_oci_aidp.error_codes import (
    CODE_REMEDIES,
    CODES,
    OTHER_CONFLICTS,
    SERVER_REMEDY,
    STATUS_CAUSES,
    STATUS_REMEDIES,
    STATUSES,
)
from mlflow_oci_aidp.invalid_input import invalid_parameter as invalid_parameter
from mlflow_oci_aidp.visible import visible

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound="AidpError")

OTHER_REMEDY = "Check the endpoint: this may not be the answer of an AI Data Platform."
_LOCAL_FILE_REMEDY = "Check its path, its permissions and the space on the disk."


class AidpError(MlflowException):
    """An error of this package: MLflow's exception with the parts of its message.

    The constructor is MLflow's, since MLflow's class methods call it. :py:meth:`from_parts` makes
    an error with all its parts. Pickles and copies keep every attribute.

    Args:
        message: The whole message.
        error_code: A number of MLflow's ``ErrorCode``.
        kwargs: What MLflow's constructor takes beside these.

    Attributes:
        cause: What is wrong. The message is the cause, a blank and the remedy.
        remedy: One sentence on what to do; ``""`` if the error was made from a message alone.
        status: The HTTP status of the response that is the reason; None if there was no response.
        request_id: The ``opc-request-id`` of the request or its response; None if there was none.
    """

    def __init__(self, message: str, error_code: int = INTERNAL_ERROR, **kwargs: Any) -> None:
        # By its name: in PlatformError, the next class is RestException, with another signature.
        MlflowException.__init__(self, message, error_code=error_code, **kwargs)
        self._set_parts(str(message), "", None, None)

    @classmethod
    def from_parts(
        cls: type[ErrorT],
        error_code: str,
        cause: str,
        remedy: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
    ) -> ErrorT:
        """Make an error from its parts.

        Control characters in them are spelled out: a server's message, or a name, may be in them.

        Args:
            error_code: A name of MLflow's ``ErrorCode``.
            cause: What is wrong, with its full stop.
            remedy: One sentence, with its full stop, on what to do.
            status: The HTTP status, if a response is the reason.
            request_id: The ``opc-request-id``, if there was a request.

        Returns:
            The exception, to be raised by the caller.
        """
        cause, remedy = visible(cause, keep="\n\t"), visible(remedy, keep="\n\t")
        exception = cls(f"{cause} {remedy}", ErrorCode.Value(error_code))
        exception._set_parts(cause, remedy, status, visible(request_id or "") or None)
        return exception

    def _set_parts(
        self, cause: str, remedy: str, status: int | None, request_id: str | None
    ) -> None:
        self.cause = cause
        self.remedy = remedy
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        # OSError's would print errno and strerror instead.
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # RestException's and OSError's call the constructor with what they know, and drop the rest.
        return _new_exception, (type(self),), self._state()

    def _state(self) -> dict[str, Any]:
        return {**self.__dict__, "args": self.args}


def _new_exception(kind: type[AidpError]) -> AidpError:
    """Make an exception without calling its constructor; pickle and copy set its attributes."""
    return kind.__new__(kind)


class PlatformError(AidpError, RestException):
    """A refusal of the platform. Its text begins with the error code, as MLflow's does.

    Args:
        message: The message, without the error code.
        error_code: A number of MLflow's ``ErrorCode``.
        kwargs: What MLflow's constructor of ``MlflowException`` takes beside these.

    Attributes:
        oci_code: OCI's error code, such as ``"NotAuthorizedOrNotFound"``; None if the body of the
            response had none.
        is_from_platform: Whether the response had an ``opc-request-id``, as every response of the
            platform has. If not, a server in its place refused the request, such as a proxy.
    """

    oci_code: str | None = None
    is_from_platform: bool = True

    def __init__(self, message: str, error_code: int = INTERNAL_ERROR, **kwargs: Any) -> None:
        # MLflow turns the number into a name; one that it does not know is an INTERNAL_ERROR.
        name = MlflowException("", error_code=error_code).error_code
        fields = {"error_code": name, "message": str(message)}
        classes = {key: kwargs.pop(key, None) for key in ("sqlstate", "error_class")}
        RestException.__init__(self, fields | {k: v for k, v in classes.items() if v})
        self.json_kwargs = kwargs
        self._set_parts(str(message), "", None, None)


class LocalFileProblem(AidpError):
    """A local file cannot be read or written, found out inside a transfer.

    Deliberately not an ``OSError``; see the text at the top of this module.

    Attributes:
        errno: The operating system's number of the error, or None.
        strerror: The operating system's text of the error.
        filename: The path of the file.
    """

    errno: int | None = None
    strerror: str | None = None
    filename: str | None = None


class LocalFileError(AidpError, OSError):
    """A local file cannot be read or written, as callers of an artifact repository see it.

    It has ``errno``, ``strerror`` and ``filename`` as every ``OSError`` has. Its subclasses are for
    the errors that Python has classes for.
    """

    def _state(self) -> dict[str, Any]:
        # OSError keeps these three outside of __dict__.
        return {
            **super()._state(),
            "errno": self.errno,
            "strerror": self.strerror,
            "filename": self.filename,
        }


class LocalFileNotFoundError(LocalFileError, FileNotFoundError):
    """A local file or folder does not exist."""


class LocalPermissionError(LocalFileError, PermissionError):
    """A local file may not be read or written by this user."""


class LocalIsADirectoryError(LocalFileError, IsADirectoryError):
    """A local path names a folder where a file is needed."""


class LocalNotADirectoryError(LocalFileError, NotADirectoryError):
    """A local path names a file where a folder is needed."""


_LOCAL_FILE_ERRORS: Mapping[type[OSError], type[LocalFileError]] = {
    FileNotFoundError: LocalFileNotFoundError,
    PermissionError: LocalPermissionError,
    IsADirectoryError: LocalIsADirectoryError,
    NotADirectoryError: LocalNotADirectoryError,
}


def error(
    error_code: str,
    cause: str,
    remedy: str,
    *,
    status: int | None = None,
    request_id: str | None = None,
) -> AidpError:
    """Make an error that this package found out by itself; see :py:meth:`AidpError.from_parts`."""
    return AidpError.from_parts(error_code, cause, remedy, status=status, request_id=request_id)


def end_with(problem: AidpError, sentence: str) -> None:
    """Have the message of an error end with a sentence that MLflow's page looks for.

    Behind ``mlflow server``, the page of a run knows a missing one by the end of the message, and
    shows a page of its own for it. [MLflow 3.1 to 3.18]
    """
    request = f"(HTTP {problem.status}, opc-request-id {problem.request_id})"
    problem.message = f"{problem.remedy} {request} {visible(sentence)}"
    problem.args = (problem.message,)


def not_implemented(feature: str, remedy: str = "Use an MLflow server for them.") -> AidpError:
    """Make a ``NOT_IMPLEMENTED`` for a feature that AI Data Platform lacks. No request is sent.

    Args:
        feature: Name of the missing feature, plural, such as ``"Webhooks"``.
        remedy: One sentence on what to do.
    """
    return error("NOT_IMPLEMENTED", f"{feature} are not part of AI Data Platform.", remedy)


def malformed_response(
    call: str, problem: str, status: int, request_id: str, remedy: str = OTHER_REMEDY
) -> AidpError:
    """Make an ``INTERNAL_ERROR`` for a success whose body is not what the platform documents.

    Args:
        call: The name of MLflow's RPC.
        problem: What is wrong with the body, such as ``"is not a JSON object"``.
        status: The HTTP status.
        request_id: The ``opc-request-id``.
        remedy: One sentence on what to do.
    """
    reference = f"(HTTP {status}, opc-request-id {request_id or 'unknown'})"
    return error(
        "INTERNAL_ERROR",
        f"The answer to {call} {problem} {reference}.",
        remedy,
        status=status,
        request_id=request_id,
    )


@contextmanager
def local_file_errors(path: str, doing: str) -> Iterator[None]:
    """Turn an ``OSError`` of the block into a :py:class:`LocalFileProblem`.

    The block may use the named file and nothing else: an error of the network would be reported as
    one of the file.

    Args:
        path: The file, as the caller of the repository knows it.
        doing: What is done to the file: ``"read"`` or ``"written"``.

    Raises:
        LocalFileProblem: ``INVALID_PARAMETER_VALUE``, saying why it cannot be done.
    """
    try:
        yield
        return
    except OSError as problem:
        if isinstance(problem, AidpError):
            raise
        number, text = problem.errno, problem.strerror or type(problem).__name__
    cause = f"The file {path!r} cannot be {doing}: {text}."
    _raise_alone(local_file_problem(path, number, text, cause, _LOCAL_FILE_REMEDY))


def local_file_problem(
    path: str, number: int | None, text: str, cause: str, remedy: str
) -> LocalFileProblem:
    """Make the error for a local file that cannot be used.

    Args:
        path: The file.
        number: The operating system's number of the error, such as ``errno.ENOENT``.
        text: The operating system's text of the error.
        cause: One sentence, with its full stop, on what is wrong.
        remedy: One sentence, with its full stop, on what to do.
    """
    exception = LocalFileProblem.from_parts("INVALID_PARAMETER_VALUE", cause, remedy)
    exception.errno, exception.strerror, exception.filename = number, text, path
    return exception


@contextmanager
def local_files_as_os_errors() -> Iterator[None]:
    """Let callers of a block catch its problems with local files as ``OSError``.

    Every method of an artifact repository that reads or writes local files runs inside one.

    Raises:
        LocalFileError: Instead of a :py:class:`LocalFileProblem`. Nothing of the transfer is in its
            chain or its traceback: both could hold a signed request.
    """
    try:
        yield
        return
    except LocalFileProblem as problem:
        exception = as_local_file_error(problem)
    _raise_alone(exception)


def as_local_file_error(problem: LocalFileProblem) -> LocalFileError:
    """Return the ``OSError`` for a problem with a local file, with the same message and parts."""
    kind = _LOCAL_FILE_ERRORS.get(type(OSError(problem.errno, "")), LocalFileError)
    exception = kind(problem.message, ErrorCode.Value(problem.error_code), **problem.json_kwargs)
    exception._set_parts(problem.cause, problem.remedy, problem.status, problem.request_id)
    exception.errno = problem.errno
    exception.strerror = problem.strerror
    exception.filename = problem.filename
    return exception


def _raise_alone(exception: BaseException) -> NoReturn:
    """Raise an exception with an empty chain.

    After ``from None`` alone, the exception that is being handled stays in ``__context__``.
    """
    try:
        raise exception from None
    finally:
        exception.__context__ = None


def message_in(body: bytes) -> str:
    """Return the message in a body, ``""`` if there is none."""
    return _text(_json_object(body).get("message"))


def conflict_code(body: bytes) -> str:
    """Return OCI's error code in a body, ``""`` if there is none."""
    return _text(_json_object(body).get("code"))


def error_from_response(
    status: int,
    body: bytes,
    request_id: str,
    *,
    claims_name: bool = False,
    note: str = "",
    remedy: str = "",
) -> PlatformError:
    """Make the exception for a response that is not a success.

    Args:
        status: The HTTP status.
        body: The body as it came: an OCI error, an MLflow error, HTML, or nothing.
        request_id: The ``opc-request-id`` of the response, or else of the request.
        claims_name: Whether the operation gives a name to something, so that a conflict means that
            the name is taken.
        note: One more sentence on the circumstances, such as a clock that is off.
        remedy: One sentence of remedy, where that of the table does not fit.

    Returns:
        The exception, to be raised by the caller. Its ``error_code`` is the one of the body if that
        has the shape of MLflow's errors, and else comes from :py:data:`CODES` and
        :py:data:`STATUSES`.
    """
    fields = _json_object(body)
    code = _text(fields.get("code"))
    error_code = _mlflow_code(fields) or _code_from_tables(status, code, claims_name)
    cause = [
        STATUS_CAUSES.get(status, ""),
        _cause(status, code, _text(fields.get("message"))),
        f"(HTTP {status}, opc-request-id {request_id or 'unknown'})",
        note,
    ]
    exception = PlatformError.from_parts(
        error_code,
        " ".join(sentence for sentence in cause if sentence),
        remedy or _remedy(status, code, error_code),
        status=status,
        request_id=request_id,
    )
    exception.oci_code = visible(code) or None
    return exception


def _code_from_tables(status: int, code: str, claims_name: bool) -> str:
    if status == 409 and claims_name and code not in OTHER_CONFLICTS:
        return "RESOURCE_ALREADY_EXISTS"
    return CODES.get(code) or STATUSES.get(status) or code_of_class(status)


def _cause(status: int, code: str, message: str) -> str:
    if message:
        sentence = f"{code}: {message}" if code else message
        return sentence if sentence.endswith((".", "!", "?")) else sentence + "."
    if code:
        return f"{code}."
    if status in STATUS_CAUSES:
        return ""
    if 300 <= status < 400:
        return "The endpoint answered with a redirect, which is not followed."
    return "The endpoint answered with an error that carries no message."


def _remedy(status: int, code: str, error_code: str) -> str:
    if code in CODE_REMEDIES:
        return CODE_REMEDIES[code]
    if error_code == "RESOURCE_ALREADY_EXISTS":
        return "Choose another name, or use what is there."
    if status in STATUS_REMEDIES:
        return STATUS_REMEDIES[status]
    return SERVER_REMEDY if status >= 500 else OTHER_REMEDY


def code_of_class(status: int) -> str:
    """Return MLflow's error code for a status that no table has."""
    return "BAD_REQUEST" if 400 <= status < 500 else "INTERNAL_ERROR"


def _mlflow_code(fields: Mapping[str, Any]) -> str | None:
    code = fields.get("error_code")
    # The protobuf enum has no __contains__, so that keys() is needed.
    return code if isinstance(code, str) and code in ErrorCode.keys() else None  # noqa: SIM118


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
