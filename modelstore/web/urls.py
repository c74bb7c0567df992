"""Addresses of the pages."""

from django.urls import path

from modelstore.web import example_views, lifetime_views, views

urlpatterns = [
    path("models/<str:token>/", views.model, name="model"),
    path("models/<str:token>/predict/", views.model_predict, name="model-predict"),
    path("models/<str:token>/download/", views.model_download, name="model-download"),
    path("models/<str:token>/report.html", views.model_report, name="model-report"),
    path("models/<str:token>/examples/", example_views.model_examples, name="model-examples"),
    path("models/<str:token>/extend/", lifetime_views.model_extend, name="model-extend"),
    path("models/<str:token>/delete/", lifetime_views.model_delete, name="model-delete"),
    path("models/<str:token>/<slug:page>/", views.model_page, name="model-page"),
]
