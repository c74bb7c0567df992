"""Addresses of the batches' pages."""

from django.urls import path

from jobs.web.batches import views

urlpatterns = [
    path("models/<str:token>/batches/", views.new, name="batch-new"),
    path("models/<str:token>/batches/<str:batch>/", views.batch, name="batch"),
    path("models/<str:token>/batches/<str:batch>/live/", views.live, name="batch-live"),
    path("models/<str:token>/batches/<str:batch>/cancel/", views.cancel, name="batch-cancel"),
    path("models/<str:token>/batches/<str:batch>/results/", views.results, name="batch-results"),
]
