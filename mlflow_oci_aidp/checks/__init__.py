"""Why does it not work? One table of small steps, from MLflow's version to signed reads.

Each step has a module with one function, ``check``. It looks at one thing and returns what it found
out, or raises what is wrong and what to do. The steps up to the signature need no network, unless
the authentication mode does. Nothing is changed, no request is repeated, no secret is shown.
"""

from __future__ import annotations

from collections.abc import Callable

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.checks import (
    clock,
    connection,
    credentials,
    fingerprint,
    host_name,
    mlflow_version,
    private_key,
    profile,
    region,
    resolution,
    signature,
    signed_read,
    stores,
    tls,
    token_file,
    workspace,
)
from mlflow_oci_aidp.checks.step import Case, Result, Step, StepFailed, StepSkipped, StepWarned

#: The steps in their order; each with those that it needs.
STEPS: tuple[Step, ...] = (
    Step("MLflow", mlflow_version.check),
    Step("settings", resolution.check),
    Step("stores", stores.check, ("MLflow", "settings")),
    Step("region", region.check, ("settings",)),
    Step("profile", profile.check, ("settings",)),
    Step("credentials", credentials.check, ("profile",)),
    Step("private key", private_key.check, ("credentials",)),
    Step("fingerprint", fingerprint.check, ("private key",)),
    Step("token", token_file.check, ("private key",)),
    Step("signature", signature.check, ("fingerprint", "token")),
    Step("name", host_name.check, ("region",)),
    Step("connection", connection.check, ("name",)),
    Step("TLS", tls.check, ("connection",)),
    Step("clock", clock.check, ("TLS",)),
    Step("signed read", signed_read.check, ("signature", "clock")),
    Step("workspace", workspace.check, ("signed read",)),
)


def diagnose(case: Case, announce: Callable[[str], None] = lambda name: None) -> list[Result]:
    """Take every step of :py:data:`STEPS`.

    Args:
        case: What is checked.
        announce: Called with the name of each step before it is taken.

    Returns:
        A result for each step, in their order. A step whose need was not met is ``"skipped"``.
    """
    results: list[Result] = []
    unmet: set[str] = set()
    for step in STEPS:
        missing = [name for name in step.needs if name in unmet]
        if missing:
            unmet.add(step.name)
            results.append(Result(step.name, "skipped", f"needs: {', '.join(missing)}"))
            continue
        announce(step.name)
        results.append(_take(step, case))
        if results[-1].status == "failed":
            unmet.add(step.name)
    return results


def _take(step: Step, case: Case) -> Result:
    try:
        return Result(step.name, "ok", step.check(case))
    except StepWarned as doubt:
        return Result(step.name, "warning", str(doubt))
    except StepSkipped as reason:
        return Result(step.name, "skipped", str(reason))
    except (StepFailed, MlflowException) as problem:
        # MLflow's own exceptions have no parts: their message is the cause.
        cause = getattr(problem, "cause", None) or str(problem)
        return Result(step.name, "failed", cause, getattr(problem, "remedy", ""))
