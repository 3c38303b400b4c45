from django.urls import path

from apps.core import views

app_name = "core"
urlpatterns = [
    path("core/ping/", views.PingView.as_view(), name="ping"),
    path("core/fire-task/", views.FireTaskView.as_view(), name="fire_task"),
    path("tasks/<uuid:id>/", views.TaskView.as_view(), name="task"),
]
