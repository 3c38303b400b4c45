from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin

from apps.core.api.errors import read_only
from apps.core.development import logs, mails
from apps.core.health import components, probe

# A mail is shown as its reader would see it: its styles and images, no script, and links in a window of their own.
_MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:", "https:"],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@never_cache
@read_only
def front(request: HttpRequest) -> HttpResponse:
    """Show what runs, where to go, and the last requests."""
    context = {
        "title": settings.SPECTACULAR_SETTINGS["TITLE"],
        "components": probe.check(components.ALL),
        "requests": logs.last_requests(),
        "mails": len(mails.newest()),
    }
    return render(request, "core/development/front.html", context)


@never_cache
@read_only
def request_log(request: HttpRequest, request_id: str) -> HttpResponse:
    found = logs.of_request(request_id)
    if not found:
        raise Http404
    return render(request, "core/development/request.html", {"lines": found, "request_id": request_id})


@never_cache
@read_only
def mail_list(request: HttpRequest) -> HttpResponse:
    return render(
        request, "core/development/mails.html", {"mails": mails.newest(), "directory": settings.EMAIL_FILE_PATH}
    )


@never_cache
@csp_update({"frame-src": [SELF]})
@read_only
def mail_detail(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "core/development/mail.html", {"mail": _find(key)})


@never_cache
@xframe_options_sameorigin
@csp_replace(_MAIL_POLICY)
@read_only
def mail_html(_request: HttpRequest, key: str) -> HttpResponse:
    return HttpResponse(f'<base target="_blank">{_find(key).html}')


def _find(key: str) -> mails.Mail:
    found = mails.find(key)
    if found is None:
        raise Http404
    return found
