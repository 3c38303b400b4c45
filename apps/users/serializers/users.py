from apps.users.models import CustomUser
from apps.users.serializers.accounts import NamesSerializer


class UserSerializer(NamesSerializer):
    """An account as staff sees it. Flags are read only; the admin changes permissions."""

    class Meta:
        model = CustomUser
        fields = (
            "id",
            "email",
            "first_name",
            "last_name",
            "email_verified",
            "is_active",
            "is_staff",
            "is_superuser",
            "date_joined",
            "last_login",
        )
        read_only_fields = tuple(name for name in fields if name not in ("first_name", "last_name"))
