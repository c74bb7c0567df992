"""Addresses of the batches' JSON API, under /api/v1/."""

from django.urls import path

from jobs.web.batches import api

urlpatterns = [
    path("models/<str:token>/batches/", api.BatchesView.as_view(), name="batches"),
    path("models/<str:token>/batches/<str:batch>/", api.BatchView.as_view(), name="batch"),
    path(
        "models/<str:token>/batches/<str:batch>/cancel/", api.BatchCancelView.as_view(), name="batch-cancel"
    ),
    path(
        "models/<str:token>/batches/<str:batch>/results/",
        api.BatchResultsView.as_view(),
        name="batch-results",
    ),
]
