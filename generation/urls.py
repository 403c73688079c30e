from django.urls import path

from generation import views

urlpatterns = [path("responses/", views.responses, name="responses")]
