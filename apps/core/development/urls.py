"""Routes of development alone (conf/urls.py). Those below dev/ are not in the access log, since pages ask for them."""

from django.urls import path

from apps.core.development import views

app_name = "development"
urlpatterns = [
    path("", views.front, name="front"),
    path("dev/front/", views.front, name="live"),
    path("dev/requests/<str:request_id>/", views.request_log, name="request"),
    path("dev/mail/", views.mail_list, name="mails"),
    path("dev/mail/<str:key>/", views.mail_detail, name="mail"),
    path("dev/mail/<str:key>/html/", views.mail_html, name="mail_html"),
]
