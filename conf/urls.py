"""The routes. The API is below /api/v1/, with one namespace for each app."""

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

from apps.core.api import errors
from apps.core.api.schema import SchemaView
from apps.core.health import views as health
from apps.core.observability.metrics.views import metrics
from apps.core.views import index
from conf.project import urls as project
from conf.settings.headers import DOCUMENTATION_POLICY

FAVICON = f"{settings.STATIC_URL.strip('/')}/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png"
swagger = errors.read_only(
    csp_update(DOCUMENTATION_POLICY)(SpectacularSwaggerSplitView.as_view(template_name="core/swagger.html"))
)
redoc = errors.read_only(
    csp_update(DOCUMENTATION_POLICY)(SpectacularRedocView.as_view(template_name="core/redoc.html"))
)

v1 = [
    path("", include("apps.core.urls")),
    path("", include("apps.users.urls")),
    *project.v1,
]

urlpatterns = [
    # First, since most requests are for it.
    path("api/v1/", include((v1, "v1"))),
    # A mistyped path gets the error envelope, also in development, where Django would show a page.
    re_path(r"^api/v1/", csrf_exempt(errors.not_found)),
    path("", include("apps.core.development.urls")) if settings.DEVELOPMENT else path("", index, name="index"),
    # Browsers request it by themselves, and report an error if it is missing.
    path("favicon.ico", errors.read_only(RedirectView.as_view(url=f"/{FAVICON}"))),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("healthz", health.healthz, name="healthz"),
    path(settings.ADMIN_URL, admin.site.urls),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", swagger, name="docs"),
    path("api/redoc/", redoc, name="redoc"),
    # Paths of similar templates.
    path("api/schema/swagger-ui/", errors.read_only(RedirectView.as_view(pattern_name="docs"))),
    path("api/schema/redoc/", errors.read_only(RedirectView.as_view(pattern_name="redoc"))),
    *project.urlpatterns,
]

if settings.ADMIN_URL == "admin/":
    # Only at the default path: otherwise it would reveal the hidden one.
    urlpatterns.append(path("admin-panel/", errors.read_only(RedirectView.as_view(pattern_name="admin:index"))))

if settings.METRICS_TOKEN:
    urlpatterns.insert(0, path(settings.METRICS_PATH, metrics, name="metrics"))

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
