"""The one error of the emulator: what it will not do, in the words of the service."""

from __future__ import annotations

from mlflow.exceptions import MlflowException

_OF_MLFLOW: dict[str, tuple[int, str]] = {
    "RESOURCE_DOES_NOT_EXIST": (404, "NotAuthorizedOrNotFound"),
    "RESOURCE_ALREADY_EXISTS": (409, "NotAuthorizedOrResourceAlreadyExists"),
    "INVALID_PARAMETER_VALUE": (400, "InvalidParameter"),
    "BAD_REQUEST": (400, "InvalidParameter"),
    "INVALID_STATE": (409, "IncorrectState"),
    "TEMPORARILY_UNAVAILABLE": (503, "ServiceUnavailable"),
}


class Refusal(Exception):
    """A request is refused.

    ``code`` is one of OCI's API error codes (https://docs.oracle.com/iaas/Content/API/References/apierrors.htm).
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> Refusal:
    """A parameter that is there and wrong."""
    return Refusal(400, "InvalidParameter", message)


def missing(message: str) -> Refusal:
    """A parameter that is required and not there."""
    return Refusal(400, "MissingParameter", message)


def not_found(message: str) -> Refusal:
    """OCI does not tell what is absent from what is hidden."""
    return Refusal(404, "NotAuthorizedOrNotFound", message)


def of_mlflow(error: MlflowException) -> Refusal:
    """What the service says where MLflow's store raises this."""
    status, code = _OF_MLFLOW.get(error.error_code, (500, "InternalServerError"))
    # MLflow and SQLAlchemy append the SQL that failed, which is nobody's business.
    return Refusal(status, code, str(error.message).partition(" Error: (")[0].partition("\n")[0])
