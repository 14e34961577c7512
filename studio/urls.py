"""The roof's map: the studio's own pages, and the two rooms below each project."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from studio import views

# one log-in page, and its limit on wrong passwords
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
urlpatterns = [
    path("", views.home, name="home"),
    path("health/", views.health, name="health"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    # allauth's pages link to these by name; both doors are closed, because an admin makes accounts and passwords
    path("accounts/signup/", views.closed, name="account_signup"),
    path("accounts/password/reset/", views.closed, name="account_reset_password"),
    path("accounts/password/set/", views.closed, name="account_set_password"),
    path("accounts/inactive/", views.closed, name="account_inactive"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("admin/", admin.site.urls),
    path("audit/", views.audit_all, name="audit-all"),
    path("projects/new/", views.project_new, name="project-new"),
    path("p/<slug:slug>/", views.project, name="project"),
    path("p/<slug:slug>/settings/", views.project_settings, name="project-settings"),
    path("p/<slug:slug>/settings/categories/", views.taxonomy, name="taxonomy"),
    path("p/<slug:slug>/members/", views.members, name="members"),
    path("p/<slug:slug>/members/<int:pk>/", views.member, name="member"),
    path("p/<slug:slug>/audit/", views.audit, name="audit"),
    path("p/<slug:slug>/", include("annotation.urls")),
    path("p/<slug:slug>/", include("training.urls")),
]
