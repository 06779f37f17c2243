"""The main job in Chromium: from the site's call to the active service, with the site told of every step; then the
mail's link to the portal, and the staff's desk.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PASSWORD, SIGN_UP, first_mail, person
from tests.support.mail import MailServer
from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Panel
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.both_stores, pytest.mark.needs_chromium]

MACHINE_PASSWORD = "Kk7-otter-Basalt"
TOLD_BY_THE_SALE = ["subscription.created", "invoice.created", "invoice.issued", "order.created", "customer.created"]
"""Not `user.created`: a key without the scope `admin` hears nothing of sign-ins and staff."""
TOLD_BY_THE_MONEY = ["payment.failed", "payment.succeeded", "invoice.paid", "order.completed", "subscription.activated"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The marketing site's own hook."""
    made = Receiver()
    yield made
    made.stop()


def test_from_the_call_of_the_site_to_the_active_service(
    panel: Panel, mail_server: MailServer, receiver: Receiver, browser_page: Page
) -> None:
    house, page = panel, browser_page
    staff = page.context.browser.new_context().new_page()
    key = house.api_key("marketing", "webhook")
    hooked = house.post_json(
        "/api/marketing-api/webhooks/register", {"url": f"{receiver.url}/hook", "events": ["*"]}, X_API_Key=key
    )
    assert hooked.status == 201, hooked
    receiver.secret = hooked.json["data"]["secret"]

    made = house.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key).json["data"]
    set_password(page, mail_server)
    pay(page, house, made["invoiceId"])
    expect_setting_up(page, house)
    set_up(staff, house)
    find_the_way_in(page, house, made["subscriptionId"])

    told = receiver.wait(event="service.provisioned")
    assert told[0].data["subscriptionId"] == made["subscriptionId"]
    wanted = [*TOLD_BY_THE_SALE, *TOLD_BY_THE_MONEY, "service.provisioned"]
    names = [one.event for one in receiver.told]
    assert sorted(names) == sorted(wanted), "each event once, and no other"
    assert receiver.unverified == []
    assert len({one.id for one in receiver.told}) == len(receiver.told)
    paid = receiver.of("payment.succeeded")[0].data
    assert (paid["invoiceId"], paid["amountMinor"], paid["currency"]) == (made["invoiceId"], 3992, "USD")
    body = b"".join(one.body for one in receiver.told)
    assert MACHINE_PASSWORD.encode() not in body and made["resetToken"].encode() not in body
    subjects = [mail.subject for mail in mail_server.wait(3)]
    assert len(subjects) == 3, subjects
    assert MACHINE_PASSWORD not in "".join(mail.text + mail.html for mail in mail_server.mails)


def set_password(page: Page, mail_server: MailServer) -> None:
    page.goto(mail_server.wait(1)[0].link("/set-password"))
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Starter").first).to_be_visible()


def pay(page: Page, house: Panel, invoice_id: str) -> None:
    """Declined first, then paid, by a double click."""
    page.goto(f"{house.url}/client/billing/{invoice_id}")
    expect(page.get_by_text("This is a sandbox")).to_be_visible()
    page.locator("input[name=method][value=sandbox-declined]").check()
    page.get_by_role("button", name="Pay USD 39.92").click()
    expect(page.get_by_text("The payment was declined.")).to_be_visible()
    page.locator("input[name=method][value=sandbox]").check()
    page.get_by_role("button", name="Pay USD 39.92").dblclick()
    expect(page.get_by_text("Paid", exact=True).first).to_be_visible()


def expect_setting_up(page: Page, house: Panel) -> None:
    page.goto(f"{house.url}/client/services")
    page.get_by_role("link", name="Starter").first.click()
    expect(page.get_by_text("Setting up").first).to_be_visible()


def set_up(staff: Page, house: Panel) -> None:
    staff.goto(f"{house.url}/admin/provisioning")
    staff.get_by_label("E-mail").fill(OWNER_EMAIL)
    staff.get_by_label("Password", exact=True).fill(OWNER_PASSWORD)
    staff.get_by_role("button", name="Sign in").click()
    staff.goto(f"{house.url}/admin/provisioning")
    staff.locator("#rows a[href*='/admin/provisioning/']").first.click()
    staff.get_by_role("button", name="Take it").click()
    staff.get_by_label("Server").fill("web07.harbourline.example")
    staff.get_by_label("User name").fill("johndoe")
    staff.locator("input[name=password]").fill(MACHINE_PASSWORD)
    staff.get_by_role("button", name="Set up: tell the customer").click()
    expect(staff.get_by_text("Done").first).to_be_visible()


def find_the_way_in(page: Page, house: Panel, subscription_id: str) -> None:
    page.goto(f"{house.url}/client/services/{subscription_id}")
    expect(page.get_by_text("Active").first).to_be_visible()
    assert MACHINE_PASSWORD not in page.content()
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_text(MACHINE_PASSWORD).first).to_be_visible()


def test_a_customer_follows_the_mail_and_finds_the_portal(
    panel: Panel, mail_server: MailServer, browser_page: Page
) -> None:
    key = panel.api_key("marketing")
    panel.post_json("/api/marketing-api/accounts/create", person("follower"), X_API_Key=key)
    link = first_mail(mail_server, "follower@example.com").link("/set-password")
    page = browser_page

    page.goto(link)
    assert "token" not in page.url, "the token stays in the address bar"
    page.get_by_label("New password", exact=True).fill("qwertyuiop")
    page.get_by_role("button", name="Set password").click()
    expect(page.locator(".form-error")).to_be_visible()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()

    expect(page).to_have_url(f"{panel.url}/client")
    expect(page.get_by_text("Starter").first).to_be_visible()
    expect(page.get_by_text("USD 39.92").first).to_be_visible()
    page.goto(f"{panel.url}/client/security/sessions")
    expect(page.get_by_text("This device").first).to_be_visible()
    page.context.clear_cookies(name="mpanel")
    page.goto(f"{panel.url}/client")
    expect(page).to_have_url(f"{panel.url}/sign-in")
    page.get_by_label("E-mail").fill("follower@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{panel.url}/client")


def test_staff_find_the_new_customer_and_the_mail(panel: Panel, mail_server: MailServer, browser_page: Page) -> None:
    key = panel.api_key("marketing")
    panel.post_json("/api/marketing-api/accounts/create", {**person("found"), "firstName": "Fiona"}, X_API_Key=key)
    first_mail(mail_server, "found@example.com")
    page = browser_page

    page.goto(f"{panel.url}/admin")
    page.get_by_label("E-mail").fill(OWNER_EMAIL)
    page.get_by_label("Password", exact=True).fill(OWNER_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{panel.url}/admin")

    page.goto(f"{panel.url}/admin/customers")
    page.get_by_role("link", name="Fiona Doe").first.click()
    expect(page.get_by_role("heading", name="Fiona Doe")).to_be_visible()
    expect(page.get_by_text("google-ads").first).to_be_visible()
    page.goto(f"{panel.url}/admin/messages")
    expect(page.get_by_text("found@example.com").first).to_be_visible()
