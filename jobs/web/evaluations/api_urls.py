"""Addresses of measurements in the JSON API, under /api/v1/."""

from django.urls import path

from jobs.web.evaluations import api

urlpatterns = [
    path("models/<str:token>/evaluations/", api.EvaluationsView.as_view(), name="evaluations"),
    path("models/<str:token>/evaluations/<str:evaluation>/", api.EvaluationView.as_view(), name="evaluation"),
    path(
        "models/<str:token>/evaluations/<str:evaluation>/cancel/",
        api.EvaluationCancelView.as_view(),
        name="evaluation-cancel",
    ),
    path(
        "models/<str:token>/evaluations/<str:evaluation>/results/",
        api.EvaluationResultsView.as_view(),
        name="evaluation-results",
    ),
]
