"""The addresses of the pages."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from pages import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sync/<slug:resource>/", views.sync, name="sync"),
    path(
        "sign-in/",
        LoginView.as_view(template_name="pages/sign_in.html", redirect_authenticated_user=True),
        name="sign_in",
    ),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
