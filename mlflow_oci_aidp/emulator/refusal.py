"""The one error of the emulator: what it will not do, in the words of the service."""

from __future__ import annotations


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
