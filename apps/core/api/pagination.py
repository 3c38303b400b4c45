import re
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class StrictPageNumberPagination(PageNumberPagination):
    """Pages by number. Empty text, "last" and "1_0", which the framework accepts, are refused."""

    def get_page_number(self, request: Request, paginator: Any) -> str:
        number: str = request.query_params.get(self.page_query_param, "1")
        if not re.fullmatch("[0-9]+", number):
            raise NotFound(self.invalid_page_message.format(page_number=number, message="not a number"))
        return number
