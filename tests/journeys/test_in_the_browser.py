"""The main job as a person sees it: in Chromium, from the mail's link to the portal, and at the staff's desk."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PASSWORD, SIGN_UP
from tests.support.mail import MailServer
from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Panel

pytestmark = [pytest.mark.both_stores, pytest.mark.needs_chromium]


def test_a_customer_follows_the_mail_and_finds_the_portal(
    house: Panel, mail_server: MailServer, browser_page: Page
) -> None:
    key = house.api_key("marketing")
    house.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key)
    link = mail_server.wait(1)[0].link("/set-password")
    page = browser_page

    page.goto(link)
    assert "token" not in page.url, "the token stays in the address bar"
    page.get_by_label("New password", exact=True).fill("qwertyuiop")
    page.get_by_role("button", name="Set password").click()
    expect(page.locator(".form-error")).to_be_visible()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()

    expect(page).to_have_url(f"{house.url}/client")
    expect(page.get_by_text("Starter").first).to_be_visible()
    expect(page.get_by_text("USD 39.92").first).to_be_visible()
    page.goto(f"{house.url}/client/security/sessions")
    expect(page.get_by_text("This device").first).to_be_visible()
    page.context.clear_cookies(name="mpanel")
    page.goto(f"{house.url}/client")
    expect(page).to_have_url(f"{house.url}/sign-in")
    page.get_by_label("E-mail").fill("customer@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{house.url}/client")


def test_staff_find_the_new_customer_and_the_mail(house: Panel, mail_server: MailServer, browser_page: Page) -> None:
    key = house.api_key("marketing")
    house.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key)
    mail_server.wait(1)
    page = browser_page

    page.goto(f"{house.url}/admin")
    page.get_by_label("E-mail").fill(OWNER_EMAIL)
    page.get_by_label("Password", exact=True).fill(OWNER_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{house.url}/admin")

    page.goto(f"{house.url}/admin/customers")
    page.get_by_role("link", name="John Doe").first.click()
    expect(page.get_by_role("heading", name="John Doe")).to_be_visible()
    expect(page.get_by_text("google-ads").first).to_be_visible()
    page.goto(f"{house.url}/admin/messages")
    expect(page.get_by_text("customer@example.com").first).to_be_visible()
