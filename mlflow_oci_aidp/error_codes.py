"""The tables from OCI's error codes and HTTP statuses to MLflow's error codes and to remedies.

:py:func:`mlflow_oci_aidp.errors.error_from_response` reads them, and so does the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping

#: OCI's error codes as MLflow's.
#: [https://docs.oracle.com/iaas/Content/API/References/apierrors.htm]
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

#: HTTP statuses as MLflow's error codes, for responses whose code is missing or not listed above.
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
    414: "BAD_REQUEST",
    415: "BAD_REQUEST",
    422: "INVALID_PARAMETER_VALUE",
    429: "REQUEST_LIMIT_EXCEEDED",
    431: "BAD_REQUEST",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "TEMPORARILY_UNAVAILABLE",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

#: The same, for answers that do not come from the platform. It alone can say that something does
#: not exist, that a name is taken, or that it has no such operation: MLflow and this package act on
#: such codes. So the answers of other servers have none of these.
OTHER_SERVERS_STATUSES: Mapping[int, str] = {
    **STATUSES,
    400: "BAD_REQUEST",
    404: "ENDPOINT_NOT_FOUND",
    407: "PERMISSION_DENIED",
    409: "BAD_REQUEST",
    412: "BAD_REQUEST",
    422: "BAD_REQUEST",
    501: "INTERNAL_ERROR",
}

#: Conflicts that do not mean that a name is taken.
OTHER_CONFLICTS = frozenset({"IncorrectState", "LockConflict", "InvalidatedRetryToken"})

#: One sentence of remedy, by OCI's code where that says more than the status.
CODE_REMEDIES: Mapping[str, str] = {
    "InvalidatedRetryToken": (
        "Whether the change took effect is not known: read the entity before the call is made "
        "again."
    ),
}

#: One sentence of remedy, by status.
STATUS_REMEDIES: Mapping[int, str] = {
    400: "Correct the argument that the message names.",
    401: (
        "Check that the key, the fingerprint and the user belong together, that the clock is right "
        "and that a session token is not expired (`oci session refresh` renews one)."
    ),
    403: "Ask for a policy that lets this identity do it.",
    404: (
        "Check the name, the version and the AI Data Platform's OCID; OCI answers the same where a "
        "policy does not let this identity see the resource."
    ),
    408: "Make the call again later.",
    409: "Read the entity and make the call again if the change is still wanted.",
    412: "Read the entity and make the call again if the change is still wanted.",
    413: "Send less in one call: shorter texts, fewer entries, a smaller file.",
    414: "Shorten the name or the filter.",
    422: "Correct the argument that the message names.",
    429: "Make fewer calls at a time, or make this one again later.",
    431: "Shorten DH_USER_PRINCIPAL if it is set, or sign with another way than a long token.",
    501: "Use one of the operations that the platform has.",
}
#: One sentence of cause, for statuses that say more by themselves than most bodies.
STATUS_CAUSES: Mapping[int, str] = {
    413: "The request is too large.",
    414: "The address of the request is too long.",
    431: "The headers of the request are too large.",
}
#: For a 5xx that is not listed above.
SERVER_REMEDY = (
    "Make the call again later, and give Oracle's support the opc-request-id if it stays."
)
