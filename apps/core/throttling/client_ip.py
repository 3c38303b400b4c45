from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings


def client_ip(request: HttpRequest | Request) -> str:
    """Return the address that counts as the client's: NUM_PROXIES says whose X-Forwarded-For is believed.

    It is that of rest_framework.throttling.BaseThrottle.get_ident, which collects all headers of the request first.
    """
    forwarded, proxies = request.META.get("HTTP_X_FORWARDED_FOR"), api_settings.NUM_PROXIES
    if forwarded is None or proxies == 0:
        return str(request.META.get("REMOTE_ADDR") or "")
    addresses = forwarded.split(",")
    return "".join(forwarded.split()) if proxies is None else addresses[-min(proxies, len(addresses))].strip()


@lru_cache(maxsize=4096)
def network(ip: str) -> str:
    """Return what one client is counted by: of IPv6 the /64, for a single machine has all addresses of it."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return ip
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
