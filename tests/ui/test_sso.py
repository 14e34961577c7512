"""The single sign-on in a real browser: our content security policy lets people go there and come back."""

from django.urls import reverse
from playwright.sync_api import expect

from tests.studio.test_invitations import make_link
from tests.studio.test_sso import running, server  # noqa: F401  # fixtures
from tests.ui.chromium import PATIENCE


def test_an_invited_person_comes_in_by_the_single_sign_on(browser, live_server, cast, server):  # noqa: F811
    context = browser.new_context()
    complaints: list[str] = []
    context.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(live_server.url + reverse("join", args=[make_link(cast)]))
    page.get_by_role("button", name="Log in with the lab").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome to Peoples, Noor Said.")
    assert cast.project.memberships.filter(user__username="noor", role="annotator").exists()
    assert complaints == []
    context.close()
