"""Addresses of the models' JSON API, under /api/v1/."""

from django.urls import path

from modelstore.web import api, version_api

urlpatterns = [
    path("models/", api.ModelsView.as_view(), name="models"),
    path("models/<str:token>/", api.ModelView.as_view(), name="model"),
    path("models/<str:token>/predict/", api.ModelPredictView.as_view(), name="model-predict"),
    path("models/<str:token>/extend/", api.ModelExtendView.as_view(), name="model-extend"),
    path("models/<str:token>/versions/", version_api.ModelVersionsView.as_view(), name="model-versions"),
    path(
        "models/<str:token>/versions/<int:number>/",
        version_api.ModelVersionView.as_view(),
        name="model-version",
    ),
    path(
        "models/<str:token>/versions/<int:number>/promote/",
        version_api.ModelPromoteView.as_view(),
        name="model-promote",
    ),
    path("models/<str:token>/rules/", version_api.ModelRulesView.as_view(), name="model-rules"),
    path(
        "models/<str:token>/rules/must-pass/", version_api.ModelMustPassView.as_view(), name="model-must-pass"
    ),
    path(
        "models/<str:token>/rules/must-pass/<int:pk>/",
        version_api.ModelMustPassRemoveView.as_view(),
        name="model-must-pass-remove",
    ),
    path("models/<str:token>/download/", api.ModelDownloadView.as_view(), name="model-download"),
    path("models/<str:token>/report.html", api.ModelReportView.as_view(), name="model-report"),
    path("models/<str:token>/accuracy.svg", api.ModelAccuracyPlotView.as_view(), name="model-accuracy-plot"),
]
