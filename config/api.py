"""Every app's API under one router."""

from rest_framework.routers import DefaultRouter

router = DefaultRouter()
