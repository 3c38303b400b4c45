"""Accounts, for the staff."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin, UpdateModelMixin
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.api.openapi import gives, takes
from apps.core.api.serializers import take_nothing
from apps.users import services
from apps.users.filters import UserFilter
from apps.users.models import CustomUser
from apps.users.serializers import UserSerializer
from apps.users.views.examples import USER

_answer = [gives(USER)]
_names = [takes({"first_name": "Ada", "last_name": "Lovelace"}), gives(USER)]


class UserViewSet(ListModelMixin, RetrieveModelMixin, UpdateModelMixin, GenericViewSet[CustomUser]):
    serializer_class = UserSerializer
    lookup_value_converter = "int"
    permission_classes = (IsAdminUser,)
    filter_backends = (DjangoFilterBackend, SearchFilter, OrderingFilter)
    filterset_class = UserFilter
    search_fields = ("email", "first_name", "last_name")
    ordering_fields = ("id", "email", "date_joined", "last_login")
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[CustomUser]:
        return CustomUser.objects.all()

    def get_object_to_change(self) -> CustomUser:
        user: CustomUser = self.get_object()
        if user.is_superuser:
            raise PermissionDenied("Superusers are changed in the admin alone.")
        return user

    @extend_schema(summary="List users", tags=["users"], examples=_answer)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Read a user", tags=["users"], examples=_answer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(summary="Replace a user's names", tags=["users"], examples=_names)
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(
            self.get_object_to_change(), request.data, partial=kwargs.get("partial", False)
        )
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    @extend_schema(summary="Change a user's names", tags=["users"], examples=_names)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().partial_update(request, *args, **kwargs)

    @extend_schema(
        summary="Close an account",
        description="Ends its sessions; its data stays. One's own account cannot be closed here.",
        tags=["users"],
        request=None,
        examples=_answer,
    )
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        take_nothing(request.data)
        user = self.get_object_to_change()
        if user == request.user:
            raise PermissionDenied("One's own account cannot be closed here.")
        services.user_deactivate(user=user)
        return Response(self.get_serializer(user).data)

    @extend_schema(summary="Open an account again", tags=["users"], request=None, examples=_answer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        take_nothing(request.data)
        user = self.get_object_to_change()
        services.user_activate(user=user)
        return Response(self.get_serializer(user).data)
