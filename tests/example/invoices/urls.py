from rest_framework.routers import SimpleRouter

from apps.invoices.views import InvoiceViewSet

app_name = "invoices"
router = SimpleRouter(use_regex_path=False)
router.register("invoices", InvoiceViewSet, basename="invoice")
urlpatterns = router.urls
