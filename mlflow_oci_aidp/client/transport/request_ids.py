"""The ``opc-request-id`` of each attempt, and whose answer an answer is.

Every id of this process begins with the same random part. So an id that comes back is known to be
one of this process without a list of those that were sent, which would have to end somewhere.

OCI's services answer with the caller's id and a part of their own behind it. Whether AI Data
Platform always does is not known: an id that does not come from this process is no reason to refuse
an answer.
"""

from __future__ import annotations

import secrets
from itertools import count

from mlflow_oci_aidp.fork_safety import PerProcess

#: Digits of the id of a call: those of the process, then a number.
_PROCESS_DIGITS, _CALL_DIGITS = 16, 12
_CALL_LENGTH = _PROCESS_DIGITS + _CALL_DIGITS
#: Digits of the number of an attempt, which stands behind the id of its call.
_ATTEMPT_DIGITS = 4
#: The length of every id. ``oci`` allows 32 letters, digits, ``_`` and ``-`` between two slashes.
#: [oci.base_client, is_valid_opc_request_id]
ID_LENGTH = _CALL_LENGTH + _ATTEMPT_DIGITS

#: Values with a beginning of their own in each process: a forked child must not take answers to its
#: parent for answers to itself.
_of_this_process = PerProcess(lambda: secrets.token_hex(_PROCESS_DIGITS // 2))
_numbers = count()


def new_call_id() -> str:
    """Return the id of a call: what the ids of its attempts begin with."""
    begin = _of_this_process.made or _of_this_process.get()
    return f"{begin}{next(_numbers) % 16**_CALL_DIGITS:0{_CALL_DIGITS}x}"


def attempt_id(call_id: str, number: int) -> str:
    """Return the id of an attempt. No id is the beginning of another one.

    Args:
        call_id: The id of the call.
        number: Tells the attempts of the call apart.
    """
    return f"{call_id}{number % 16**_ATTEMPT_DIGITS:0{_ATTEMPT_DIGITS}x}"


def new_request_id() -> str:
    """Return the id of a request that is the only attempt of its call."""
    return attempt_id(new_call_id(), 1)


def is_of_another_call(sent: str, received: str) -> bool:
    """Tell whether an answer belongs to another call of this process than its request.

    An answer to another attempt of the same call is none: all attempts ask for the same.

    Args:
        sent: The id of the request.
        received: The id in the answer; ``""`` if it has none.
    """
    return (
        received[:_CALL_LENGTH] != sent[:_CALL_LENGTH]
        and received.startswith(_of_this_process.made or _of_this_process.get())
        and len(received) >= ID_LENGTH
    )
