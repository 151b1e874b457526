"""The one error of the emulator, in the words of the platform."""

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
    """Make the error for a parameter that is there and wrong."""
    return Refusal(400, "InvalidParameter", message)


def missing(message: str) -> Refusal:
    """Make the error for a parameter that is required and not there."""
    return Refusal(400, "MissingParameter", message)


def not_found(message: str) -> Refusal:
    """Make the error for what is absent or hidden, between which OCI makes no difference."""
    return Refusal(404, "NotAuthorizedOrNotFound", message)
