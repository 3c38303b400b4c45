"""The project's own routes. Those of the API are below /api/v1/, with one namespace for each app."""

from django.urls import URLPattern, URLResolver

v1: list[URLPattern | URLResolver] = [
    # The routes of each app.
]

# Pages beside the API.
urlpatterns: list[URLPattern | URLResolver] = []
