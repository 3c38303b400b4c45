from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from drf_standardized_errors.openapi_validation_errors import extend_validation_errors
from rest_framework.decorators import action
from rest_framework.mixins import CreateModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from apps.core.api.openapi import gives, takes
from apps.invoices import services
from apps.invoices.filters import InvoiceFilter
from apps.invoices.models import Invoice
from apps.invoices.serializers import InvoiceSerializer

NEW = {"number": "2026-7", "quantity": 2, "cents": 1250, "due": "2026-12-24"}
INVOICE = {"id": 7, **NEW, "total": 2500, "paid": None}


@extend_validation_errors(["unique"], field_name="number", actions=["create"])
class InvoiceViewSet(CreateModelMixin, ListModelMixin, RetrieveModelMixin, GenericViewSet[Invoice]):
    serializer_class = InvoiceSerializer
    lookup_value_converter = "int"
    filter_backends = (DjangoFilterBackend,)
    filterset_class = InvoiceFilter

    def get_queryset(self) -> QuerySet[Invoice]:
        # Their owner's alone: for everybody else there is no such invoice.
        return Invoice.objects.filter(owner_id=self.request.user.pk).order_by("pk")

    @extend_schema(summary="List one's own invoices", tags=["invoices"], examples=[gives(INVOICE)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Read an invoice", tags=["invoices"], examples=[gives(INVOICE)])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(summary="Write an invoice", tags=["invoices"], examples=[takes(NEW), gives(INVOICE, 201)])
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Invoice]) -> None:
        serializer.instance = services.invoice_create(owner=self.request.user, **serializer.validated_data)

    @extend_schema(summary="Pay an invoice", tags=["invoices"], request=None, examples=[gives(INVOICE)])
    @action(detail=True, methods=["post"])
    def pay(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        invoice = services.invoice_pay(invoice=self.get_object())
        return Response(self.get_serializer(invoice).data)
