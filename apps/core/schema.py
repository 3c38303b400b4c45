"""What OpenAPI must be told, because it cannot see it."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from drf_standardized_errors.openapi_serializers import ServerErrorEnum
from rest_framework import serializers


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # registers itself
    target_class = "apps.core.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Bearer")  # noqa: S106


class UnavailableErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(default="service_unavailable")
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class UnavailableSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=ServerErrorEnum.choices)
    errors = UnavailableErrorSerializer(many=True)  # type: ignore[assignment] # the envelope calls them so


unavailable = OpenApiResponse(UnavailableSerializer, description="The queue cannot be reached; nothing was started.")


def takes(value: Any) -> OpenApiExample:
    """Return an example of a request's body, for @extend_schema."""
    return OpenApiExample("Request", value=value, request_only=True)


def gives(value: Any, status: int = 200) -> OpenApiExample:
    """Return an example of an answer; of a list, of one of its items."""
    return OpenApiExample("Answer", value=value, response_only=True, status_codes=[str(status)])


def nothing(description: str) -> dict[int, OpenApiResponse]:
    """Return the answer of an operation that gives nothing back."""
    return {204: OpenApiResponse(description=description)}
