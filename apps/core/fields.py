from typing import Any

from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """Text, and nothing else: the framework takes a number for its digits, which the schema does not promise."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)
