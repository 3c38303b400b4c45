from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F


class Invoice(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    number = models.CharField(max_length=32)
    quantity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(1000)])
    cents = models.PositiveIntegerField(
        help_text="Price of one, in cents", validators=[MinValueValidator(1), MaxValueValidator(1_000_000)]
    )
    total = models.GeneratedField(
        expression=F("quantity") * F("cents"), output_field=models.BigIntegerField(), db_persist=True
    )
    due = models.DateField()
    paid = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "number"], name="invoices_number_of_owner")]

    def __str__(self) -> str:
        return self.number
