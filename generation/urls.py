from django.urls import path

from generation.views import responses

urlpatterns = [path("responses/", responses.responses, name="responses")]
