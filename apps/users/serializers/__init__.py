from apps.users.serializers.accounts import (
    RegisterSerializer,
    UserCreateSerializer,
    UserProfileSerializer,
    VerifySerializer,
)
from apps.users.serializers.passwords import (
    PasswordChangeSerializer,
    PasswordResetConfirmSerializer,
    PasswordResetSerializer,
)
from apps.users.serializers.sessions import LoginResponseSerializer, LoginSerializer, SessionSerializer
from apps.users.serializers.users import UserSerializer

__all__ = [
    "LoginResponseSerializer",
    "LoginSerializer",
    "PasswordChangeSerializer",
    "PasswordResetConfirmSerializer",
    "PasswordResetSerializer",
    "RegisterSerializer",
    "SessionSerializer",
    "UserCreateSerializer",
    "UserProfileSerializer",
    "UserSerializer",
    "VerifySerializer",
]
