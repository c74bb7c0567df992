"""Addresses of the API's training side."""

from django.urls import include, path

from jobs import api, api_quotes

urlpatterns = [
    path("", include("jobs.batches.api_urls")),
    path("status/", api.StatusView.as_view(), name="status"),
    path("servers/", api.ServersView.as_view(), name="servers"),
    path("datasets/", api.DatasetsView.as_view(), name="datasets"),
    path("quotes/", api_quotes.QuotesView.as_view(), name="quotes"),
    path("jobs/", api.JobsView.as_view(), name="jobs"),
    path("jobs/<str:token>/", api.JobView.as_view(), name="job"),
    path("jobs/<str:token>/cancel/", api.JobCancelView.as_view(), name="job-cancel"),
    path("jobs/<str:token>/events/", api.JobEventsView.as_view(), name="job-events"),
]
