"""Addresses of the pages."""

from django.urls import path

from modelstore.web import example_views, lifetime_views, version_views, views

urlpatterns = [
    path("models/<str:token>/", views.model, name="model"),
    path("models/<str:token>/predict/", views.model_predict, name="model-predict"),
    path("models/<str:token>/download/", views.model_download, name="model-download"),
    path("models/<str:token>/report.html", views.model_report, name="model-report"),
    path("models/<str:token>/examples/", example_views.model_examples, name="model-examples"),
    path("models/<str:token>/extend/", lifetime_views.model_extend, name="model-extend"),
    path("models/<str:token>/delete/", lifetime_views.model_delete, name="model-delete"),
    path("models/<str:token>/versions/", version_views.model_versions, name="model-versions"),
    path("models/<str:token>/versions/<int:number>/", version_views.model_version, name="model-version"),
    path(
        "models/<str:token>/versions/<int:number>/promote/", version_views.model_promote, name="model-promote"
    ),
    path("models/<str:token>/versions/rules/", version_views.model_rules, name="model-rules"),
    path("models/<str:token>/versions/must-pass/", version_views.model_must_pass, name="model-must-pass"),
    path(
        "models/<str:token>/versions/must-pass/<int:pk>/remove/",
        version_views.model_must_pass_remove,
        name="model-must-pass-remove",
    ),
    path("models/<str:token>/<slug:page>/", views.model_page, name="model-page"),
]
