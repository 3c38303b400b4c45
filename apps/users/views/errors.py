"""Errors of the views that the fields do not document by themselves."""

from typing import Any

from drf_standardized_errors.openapi_validation_errors import extend_validation_errors

_WEAK = ["password_too_short", "password_too_common", "password_entirely_numeric", "password_too_similar"]


def new_password(view: Any) -> Any:
    """Document that a view takes a new password, twice."""
    view = extend_validation_errors(_WEAK, field_name="password", methods=["post"])(view)
    return extend_validation_errors(["password_mismatch"], field_name="password2", methods=["post"])(view)
