"""The view of the API's schema."""

from threading import Lock
from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView

_making = Lock()


class SchemaView(SpectacularAPIView):
    """Make the schema in one thread at a time: drf-spectacular loads its extensions at the first request, unguarded.

    Two threads at once fail with an AttributeError of the one that comes second.
    """

    @extend_schema(exclude=True)
    def get(self, *args: Any, **kwargs: Any) -> Any:
        with _making:
            return super().get(*args, **kwargs)  # type: ignore[no-untyped-call]
