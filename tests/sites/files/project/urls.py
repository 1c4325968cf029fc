from __future__ import annotations

from django.contrib import admin
from django.db.transaction import non_atomic_requests
from django.urls import include, path
from music import views
from rest_framework.authtoken.views import obtain_auth_token

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("token/", obtain_auth_token),
    path("latest/", non_atomic_requests(views.latest)),
    path("progress/<int:pk>/", non_atomic_requests(views.progress)),
]
