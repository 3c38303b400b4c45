"""The API's own settings: Django REST framework, its errors, its schema, its limits."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.core.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.throttling.throttles.ScopesThrottle"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.StrictPageNumberPagination",
    "PAGE_SIZE": 50,
    # JSON only: what is not served cannot be attacked, and the documentation has its own pages.
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# scope: requests/period (s, m, h, d), as many at once as the period allows. Every view has one of the first two;
# a view may name more (throttle_scopes).
THROTTLE_RATES = {
    "anonymous": "120/m",
    "user": "1200/m",
    # For each client: whatever takes a password or the token of a mailed link, and whatever sends mail.
    "login": "10/m",
    "mail": "20/h",
    # For each account, there or not: wrong passwords, from wherever. A short window, for while it lasts the owner
    # is locked out, too. And mails to one address.
    "login_failures": "5/m",
    "mail_account": "5/h",
}

DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "apps.core.api.errors.ExceptionHandler",
    # Clients see one kind of error in development, too; the traceback is in the log.
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
    "ALLOWED_ERROR_STATUS_CODES": ["400", "401", "403", "404", "405", "406", "413", "414", "415", "429", "500"],
    "ERROR_SCHEMAS": {
        "413": "apps.core.api.openapi.PayloadTooLargeSerializer",
        "414": "apps.core.api.openapi.UriTooLongSerializer",
    },
}

_ERRORS = "drf_standardized_errors.openapi_serializers"

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Django Native API",
    "DESCRIPTION": "Accounts with tokens, and background tasks. Log in, then send `Authorization: Bearer <token>`.",
    "VERSION": "1.0.0",
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    # The schema is the same for everyone, and a stale token must not hide it.
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    # Assets of our own, not of a CDN.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True},
    "POSTPROCESSING_HOOKS": ["drf_standardized_errors.openapi_hooks.postprocess_schema_enums"],
    "ENUM_NAME_OVERRIDES": {
        name: f"{_ERRORS}.{name}.choices"
        for name in (
            "ValidationErrorEnum",
            "ClientErrorEnum",
            "ServerErrorEnum",
            "ErrorCode401Enum",
            "ErrorCode403Enum",
            "ErrorCode404Enum",
            "ErrorCode405Enum",
            "ErrorCode406Enum",
            "ErrorCode415Enum",
            "ErrorCode429Enum",
            "ErrorCode500Enum",
        )
    },
    "TAGS": [
        {"name": "auth", "description": "Accounts and tokens"},
        {"name": "core", "description": "Is it there, and does it work"},
        {"name": "users", "description": "Accounts, for the staff"},
        {"name": "tasks", "description": "Background tasks and their results"},
    ],
}
