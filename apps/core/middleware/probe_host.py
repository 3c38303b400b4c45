"""Lets probes ask by the address of a machine, which is in nobody's ALLOWED_HOSTS."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.middleware.access_log import GetResponse


class ProbeHostMiddleware:
    """Answer for any host on the paths that platforms and Prometheus ask, and on no other.

    A load balancer and a kubelet ask each process by its address. What these paths answer does not depend on the host.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        metrics = {f"/{settings.METRICS_PATH}"} if settings.METRICS_TOKEN else set()
        self.paths = {"/livez", "/readyz", "/healthz"} | metrics

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in self.paths and settings.ALLOWED_HOSTS:
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].removeprefix(".")
            request.META.pop("HTTP_X_FORWARDED_HOST", None)
        return self.get_response(request)
