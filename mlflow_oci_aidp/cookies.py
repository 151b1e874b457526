"""No cookie is kept: the clients and signers of ``oci`` have sessions of ``requests``, which do."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy

#: Lets no site set a cookie, and sends none.
_NOBODY = DefaultCookiePolicy(allowed_domains=())


def refuse_cookies(holder: object) -> None:
    """Have the sessions of an object of ``oci`` take no cookies, and forget those that they have.

    Args:
        holder: A client or a signer. Its attributes are followed as far as they are objects of
            ``oci``.
    """
    from oci._vendor.requests import Session

    waiting, seen = [holder], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Session):
            one.cookies.set_policy(_NOBODY)
            one.cookies.clear()
        elif isinstance(one, list):
            waiting += one
        elif type(one).__module__.startswith("oci."):
            waiting += getattr(one, "__dict__", {}).values()
