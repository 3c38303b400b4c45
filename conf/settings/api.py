"""Settings of the API: Django REST framework, errors, schema, limits."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.core.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.throttling.throttles.ScopesThrottle"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.StrictPageNumberPagination",
    "PAGE_SIZE": 50,
    # JSON only: what is not served cannot be attacked, and the documentation has pages of its own.
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.core.api.negotiation.ContentNegotiation",
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# scope: requests/period (s, m, h, d). All requests of a period may come at once. Every view has one of the first two
# limits, and may name more (throttle_scopes).
THROTTLE_RATES = {
    "anonymous": "120/m",
    "user": "1200/m",
    # Per client: views that take a password or the token of a mailed link, and views that send mail.
    "login": "10/m",
    "mail": "20/h",
    # Per address, whether or not it has an account: wrong passwords from anywhere, and mails. The window is short,
    # since the owner is locked out as well.
    "login_failures": "5/m",
    "mail_account": "5/h",
}

DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "apps.core.api.errors.ExceptionHandler",
    # The same errors in development; the traceback is in the log.
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
    "ALLOWED_ERROR_STATUS_CODES": ["400", "401", "403", "404", "405", "406", "413", "414", "415", "429", "500"],
    "ERROR_SCHEMAS": {
        "413": "apps.core.api.openapi.PayloadTooLargeSerializer",
        "414": "apps.core.api.openapi.UriTooLongSerializer",
    },
}

_ERRORS = "drf_standardized_errors.openapi_serializers"

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "VERSION": "1.0.0",
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    # The schema is the same for everyone, and an invalid token must not hide it.
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    # Assets from the package, not from a CDN.
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
        {"name": "core", "description": "Whether the API works"},
        {"name": "users", "description": "Accounts, for staff"},
        {"name": "tasks", "description": "Background tasks and their results"},
    ],
}
