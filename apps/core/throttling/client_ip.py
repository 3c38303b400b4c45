from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle


def client_ip(request: HttpRequest | Request) -> str:
    """Return the address that counts as the client's: NUM_PROXIES says whose X-Forwarded-For is believed."""
    return BaseThrottle().get_ident(request) or ""  # type: ignore[arg-type] # reads META alone, which both have


def network(ip: str) -> str:
    """Return what one client is counted by: of IPv6 the /64, for a single machine has all addresses of it."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return ip
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
