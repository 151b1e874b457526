"""The emulator's only error, with the platform's codes and messages."""

from __future__ import annotations


class Refusal(Exception):
    """A request that the emulator refuses.

    ``code`` is one of OCI's API error codes (https://docs.oracle.com/iaas/Content/API/References/apierrors.htm).
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> Refusal:
    """Make the error for a parameter with a wrong value."""
    return Refusal(400, "InvalidParameter", message)


def missing(message: str) -> Refusal:
    """Make the error for a required parameter that is missing."""
    return Refusal(400, "MissingParameter", message)


def not_found(message: str) -> Refusal:
    """Make the error for a resource that does not exist or is hidden; OCI has one code for both."""
    return Refusal(404, "NotAuthorizedOrNotFound", message)
