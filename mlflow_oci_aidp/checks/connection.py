"""Step "connection": the endpoint, or the proxy before it, accepts connections."""

from __future__ import annotations

import socket

from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.client.surroundings import proxy_of


def check(case: Case) -> str:
    """Open a connection, and close it."""
    host, port = case.address
    proxy = proxy_of(case.settings.endpoint)
    remedy = f"Check {proxy}." if proxy else "Check the endpoint's host and port."
    through = str(proxy) if proxy else "the proxy (HTTPS_PROXY)"
    try:
        with socket.create_connection((host, port), timeout=case.timeout):
            return f"{host}:{port} accepts connections"
    except ConnectionRefusedError:
        reason = "refuses the connection"
    except TimeoutError:
        reason = f"does not answer within {case.timeout:.0f} seconds"
        remedy = f"Check firewall, VPN, the subnet's route to OCI's services and {through}."
    except OSError as problem:
        reason = f"cannot be reached ({problem.strerror})"
        remedy = f"Check this machine's network, VPN and {through}."
    raise StepFailed(f"{host}:{port} {reason}.", remedy)
