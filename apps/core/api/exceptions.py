from django.core.exceptions import BadRequest
from rest_framework import status
from rest_framework.exceptions import APIException


class ServiceUnavailable(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "This is not possible at the moment. Try again later."
    default_code = "service_unavailable"


class Conflict(APIException):
    """What is asked for does not fit the state of the object. A service raises it; the text is for the client."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This does not fit its state."
    default_code = "conflict"


class PayloadTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "payload_too_large"


class MalformedRequestError(BadRequest):
    """The request is malformed; the text is for its sender."""
