"""Addresses of the pages."""

from django.urls import path

from modelstore import camera, views, views_examples, views_life

urlpatterns = [
    path("models/<str:token>/", views.model, name="model"),
    path("models/<str:token>/camera/", camera.page, name="model-camera"),
    path("models/<str:token>/predict/", views.model_predict, name="model-predict"),
    path("models/<str:token>/download/", views.model_download, name="model-download"),
    path("models/<str:token>/examples/", views_examples.model_examples, name="model-examples"),
    path("models/<str:token>/extend/", views_life.model_extend, name="model-extend"),
    path("models/<str:token>/delete/", views_life.model_delete, name="model-delete"),
]
