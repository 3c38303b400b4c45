"""The OpenAPI schema: what drf-spectacular cannot see in the code."""

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object, force_instance
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from drf_standardized_errors.openapi import AutoSchema as ErrorsSchema
from drf_standardized_errors.openapi_serializers import ClientErrorEnum, ServerErrorEnum
from drf_standardized_errors.openapi_utils import get_flat_serializer_fields, get_serializer_fields_with_error_codes
from rest_framework import serializers

from apps.core.api.exceptions import Conflict, PayloadTooLarge
from apps.core.api.fields import StrictCharField, StrictDecimalField
from apps.core.api.serializers import READ_ONLY, UNKNOWN, NoFieldsSerializer, StrictFields

_WITH_BODY = {"POST", "PUT", "PATCH"}


# Text without NUL (see apps/core/text.py); the same with at least one character that is not blank.
_TEXT, _SOME_TEXT = r"^[^\x00]*$", r"^[^\x00]*[^\s\x00][^\x00]*$"


def has_form(field: StrictCharField) -> bool:
    """Return whether validators of the field define the form of the text."""
    return isinstance(field, serializers.EmailField) or any(isinstance(v, RegexValidator) for v in field.validators)


class AutoSchema(ErrorsSchema):
    """Describe strict bodies as strict, and for each operation with a body how it can be refused."""

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        strict = force_instance(serializer)
        if direction == "request" and isinstance(strict, StrictFields):
            schema["additionalProperties"] = False
            for name, field in strict.fields.items():  # type: ignore[attr-defined] # a serializer's
                # Not in _map_serializer_field(), which would make two alternatives of a field that may be blank.
                if isinstance(field, StrictCharField) and field.allow_blank and not has_form(field):
                    schema["properties"][name]["pattern"] = _TEXT
        return schema

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Any:  # noqa: FBT001, FBT002
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if direction != "request":
            return schema
        if isinstance(field, StrictDecimalField):
            schema["pattern"] = field.pattern
        if isinstance(field, serializers.IPAddressField) and field.protocol == "both":
            schema["anyOf"] = [{"format": "ipv4"}, {"format": "ipv6"}]
        if isinstance(field, StrictCharField) and not field.allow_blank:
            pattern = _SOME_TEXT if field.trim_whitespace else _TEXT
            schema |= {"minLength": 1} if has_form(field) else {"minLength": 1, "pattern": pattern}
        return schema

    def _get_parameters(self) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._get_parameters()
        for schema in (parameter["schema"] for parameter in parameters):
            if schema.get("type") == "string" and not schema.keys() & {"enum", "format", "pattern"}:
                schema["pattern"] = _TEXT
        return parameters

    def _should_add_error_response(self, responses: dict[str, Any], status_code: str) -> bool:
        if status_code == str(PayloadTooLarge.status_code) and self.method not in _WITH_BODY:
            return False
        if status_code == "414" and not any(parameter["in"] == "query" for parameter in self._get_parameters()):
            return False
        return bool(super()._should_add_error_response(responses, status_code))

    def _should_add_validation_error_response(self) -> bool:
        return self.method in _WITH_BODY or bool(super()._should_add_validation_error_response())

    def _determine_fields_with_error_codes(self) -> Any:
        if self.method in _WITH_BODY and self.get_request_serializer() is None:
            return get_serializer_fields_with_error_codes(get_flat_serializer_fields(NoFieldsSerializer()))
        return super()._determine_fields_with_error_codes()

    def _get_serializer_for_validation_error_response(self) -> Any:
        response = super()._get_serializer_for_validation_error_response()
        if self.method in _WITH_BODY:
            # Under a name that no field has, since these errors concern fields of any name.
            errors: Any = response._declared_fields["errors"]  # noqa: SLF001
            errors.child.serializers["*"] = UnexpectedFieldErrorSerializer
        return response


class UnexpectedFieldErrorSerializer(serializers.Serializer[Any]):
    attr = serializers.CharField(help_text="The name that was sent")
    code = serializers.ChoiceField(choices=[UNKNOWN.code, READ_ONLY.code])
    detail = serializers.CharField()


class PayloadTooLargeErrorSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[PayloadTooLarge.default_code])
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class PayloadTooLargeSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=ClientErrorEnum.choices)
    errors = PayloadTooLargeErrorSerializer(many=True)  # type: ignore[assignment] # the envelope calls them so


class UriTooLongErrorSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=["uri_too_long"])
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class UriTooLongSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=ClientErrorEnum.choices)
    errors = UriTooLongErrorSerializer(many=True)  # type: ignore[assignment] # the envelope calls them so


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "apps.core.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: SpectacularSchema) -> dict[str, Any]:
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Bearer")  # noqa: S106


class ConflictErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(default=Conflict.default_code)
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ConflictSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=ClientErrorEnum.choices)
    errors = ConflictErrorSerializer(many=True)  # type: ignore[assignment] # the envelope calls them so


class UnavailableErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(default="service_unavailable")
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class UnavailableSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=ServerErrorEnum.choices)
    errors = UnavailableErrorSerializer(many=True)  # type: ignore[assignment] # the envelope calls them so


conflict = OpenApiResponse(ConflictSerializer, description="It does not fit the state of the object.")
unavailable = OpenApiResponse(UnavailableSerializer, description="The queue is unavailable; nothing was started.")


def takes(value: Any) -> OpenApiExample:
    """Return an example of a request's body, for @extend_schema."""
    return OpenApiExample("Request", value=value, request_only=True)


def gives(value: Any, status: int = 200) -> OpenApiExample:
    """Return an example of a response; for a list, of one item."""
    return OpenApiExample("Answer", value=value, response_only=True, status_codes=[str(status)])


def nothing(description: str) -> dict[int, OpenApiResponse]:
    """Return the response of an operation without a body."""
    return {204: OpenApiResponse(description=description)}
