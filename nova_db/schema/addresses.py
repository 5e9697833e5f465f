"""The normal form of addresses: IPv6 shortened and in lower case, everything else as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv6Address


def normal_ip(text: str) -> str:
    """An IPv6 address in its shortest lower-case form; any other text unchanged."""
    address = _address(text) if ":" in text else None
    return text if address is None else _shortest(address)


def normal_cidr(text: str) -> str:
    """An IPv6 network in its shortest lower-case form without host bits, ``/128`` for a bare address.

    Any other text is unchanged: an IPv4 network keeps its host bits.
    """
    if ":" not in text:
        return text
    host, slash, prefix = text.partition("/")
    address = _address(host)
    length = _prefix_length(prefix) if slash else 128
    if address is None or length is None:
        return text
    masked = int(address) >> (128 - length) << (128 - length)
    return f"{_shortest(type(address)(masked))}/{length}"


def _address(text: str) -> IPv6Address | None:
    from ipaddress import AddressValueError, IPv6Address

    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    return None if address.scope_id is not None else address


def _prefix_length(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        return None
    length = int(text)
    return length if length <= 128 else None


def _shortest(address: IPv6Address) -> str:
    """The text form of RFC 5952, which does not depend on the version of Python."""
    mapped = address.ipv4_mapped
    return str(address) if mapped is None else f"::ffff:{mapped}"
