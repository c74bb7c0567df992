"""Addresses of the pages."""

from django.urls import path

from modelstore import views

urlpatterns = [
    path("models/<str:token>/", views.model, name="model"),
    path("models/<str:token>/predict/", views.model_predict, name="model-predict"),
    path("models/<str:token>/download/", views.model_download, name="model-download"),
]
