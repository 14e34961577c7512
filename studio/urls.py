"""The roof's map: the studio's own pages, and the two rooms below each project."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount import views as socialaccount
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from studio.sso import views as sso
from studio.views import audit, home, join, me, people, project

# one log-in page, and its limit on wrong passwords
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
handler500 = "studio.away.broken"
urlpatterns = [
    path("", home.home, name="home"),
    path("health/", home.health, name="health"),
    path("favicon.ico", home.favicon, name="favicon"),
    path("me/", me.me, name="me"),
    path("join/<str:token>/", join.join, name="join"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    # allauth's pages link to these by name; the doors are closed: accounts are made by an admin or on an invitation
    path("accounts/signup/", home.closed, name="account_signup"),
    path("accounts/password/reset/", home.closed, name="account_reset_password"),
    path("accounts/password/set/", home.closed, name="account_set_password"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/second-factor/", mfa.index, name="mfa_index"),
    path("accounts/second-factor/ask/", mfa.authenticate, name="mfa_authenticate"),
    path("accounts/second-factor/confirm/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/second-factor/app/on/", totp.activate_totp, name="mfa_activate_totp"),
    path("accounts/second-factor/app/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("accounts/second-factor/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("accounts/second-factor/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("accounts/second-factor/codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("accounts/sso/login/", sso.login, name="oidc_login"),
    path("accounts/sso/callback/", sso.callback, name="oidc_callback"),
    path("accounts/sso/signup/", sso.no_account, name="socialaccount_signup"),
    path("accounts/sso/cancelled/", socialaccount.login_cancelled, name="socialaccount_login_cancelled"),
    path("accounts/sso/error/", login_not_required(socialaccount.login_error), name="socialaccount_login_error"),
    path("accounts/sso/", socialaccount.connections, name="socialaccount_connections"),
    path("admin/", admin.site.urls),
    path("audit/", audit.audit_all, name="audit-all"),
    path("audit/csv/", audit.audit_all_csv, name="audit-all-csv"),
    path("projects/new/", project.project_new, name="project-new"),
    path("p/<slug:slug>/", project.project, name="project"),
    path("p/<slug:slug>/me/", me.project_me, name="project-me"),
    path("p/<slug:slug>/settings/", project.project_settings, name="project-settings"),
    path("p/<slug:slug>/settings/categories/", project.taxonomy, name="taxonomy"),
    path("p/<slug:slug>/settings/backgrounds/", project.backgrounds, name="backgrounds"),
    path("p/<slug:slug>/members/", people.members, name="members"),
    path("p/<slug:slug>/members/<int:pk>/", people.member, name="member"),
    path("p/<slug:slug>/invitations/", people.invitations, name="invitations"),
    path("p/<slug:slug>/invitations/<int:pk>/revoke/", people.invitation_revoke, name="invitation-revoke"),
    path("p/<slug:slug>/audit/", audit.audit, name="audit"),
    path("p/<slug:slug>/audit/csv/", audit.audit_csv, name="audit-csv"),
    path("p/<slug:slug>/", include("annotation.urls")),
    path("p/<slug:slug>/", include("training.urls")),
]
