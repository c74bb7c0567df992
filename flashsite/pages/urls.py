"""Addresses of the pages."""

from django.urls import path

from flashsite.pages import views

urlpatterns = [
    path("", views.home, name="home"),
    path("about/", views.about, name="about"),
    path("find/", views.find, name="find"),
    path("recent/", views.recent, name="recent"),
    path("recent/forget/", views.forget, name="recent-forget"),
    path("samples/<slug:name>/", views.sample, name="sample"),
]
