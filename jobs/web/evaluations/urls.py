"""Addresses of the pages on which a model is measured."""

from django.urls import path

from jobs.web.evaluations import views

urlpatterns = [
    path("models/<str:token>/evaluations/", views.new, name="evaluation-new"),
    path("models/<str:token>/evaluations/<str:evaluation>/", views.evaluation, name="evaluation"),
    path("models/<str:token>/evaluations/<str:evaluation>/live/", views.live, name="evaluation-live"),
    path("models/<str:token>/evaluations/<str:evaluation>/cancel/", views.cancel, name="evaluation-cancel"),
    path(
        "models/<str:token>/evaluations/<str:evaluation>/results/", views.results, name="evaluation-results"
    ),
]
