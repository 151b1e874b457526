"""Step "connection": the endpoint, or the proxy before it, accepts connections."""

from __future__ import annotations

import socket

from mlflow_oci_aidp.checks.step import Case, StepFailed


def check(case: Case) -> str:
    """Open a connection, and close it."""
    host, port = case.address
    remedy = "Check the endpoint's host and port."
    try:
        with socket.create_connection((host, port), timeout=case.timeout):
            return f"{host}:{port} accepts connections"
    except ConnectionRefusedError:
        reason = "refuses the connection"
    except TimeoutError:
        reason = f"does not answer within {case.timeout:.0f} seconds"
        remedy = (
            "Check firewall, VPN, the subnet's route to OCI's services and the proxy (HTTPS_PROXY)."
        )
    except OSError as problem:
        reason = f"cannot be reached ({problem.strerror})"
        remedy = "Check this machine's network, VPN and the proxy (HTTPS_PROXY)."
    raise StepFailed(f"{host}:{port} {reason}.", remedy)
