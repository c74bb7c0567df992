"""Accounts of operators, with the forms that a screen reader can use: the usual ones have fields without labels."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

admin.site.unregister([Group, User])


@admin.register(User)
class OperatorAdmin(UserAdmin):
    """Permissions are one list each, and what Django writes by itself cannot be typed over."""

    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class OperatorGroupAdmin(GroupAdmin):
    filter_horizontal = ()
