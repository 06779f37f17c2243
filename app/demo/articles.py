"""The demo's help centre: a few articles as a hosting company writes them, by the services themselves."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.features.kb import publishing, service, topics, votes
from app.features.kb.service import Words
from app.kernel import clock, db

TOPICS = (
    ("E-mail", "Mailboxes, phones, spam, forwarding", "mail"),
    ("Domains and DNS", "Transfers, records, name servers", "world"),
    ("Websites", "WordPress, uploads, certificates", "server-2"),
    ("Billing", "Invoices, payments, cancelling", "receipt"),
    ("Account and security", "Passwords, people, sign-ins", "shield-check"),
)


class Written(NamedTuple):
    """One article of the demo, and how its readers liked it."""

    topic: str
    title: str
    tags: tuple[str, ...]
    summary: str
    body: str
    yes: int
    no: int


ARTICLES = (
    Written("E-mail", "Set up mail on iPhone and iPad", ("iphone", "imap", "mailbox"),
            "Add your mailbox to Mail on iPhone or iPad in three minutes: server names, ports and the usual slip.", """\
You need your full e-mail address and its password. If you do not know the password, ask us for a new one: changing it
signs the mailbox out everywhere else.

## Add the account

1. Open **Settings**, then **Apps**, **Mail**, **Mail accounts**.
2. Tap **Add account**, then **Other**.
3. Enter your name, the full address and the password, and tap **Next**.
4. Choose **IMAP** and fill in the table below.

## Server names

| For | Server | Port |
| --- | --- | ---: |
| Incoming (IMAP) | `mail.harbourline.example.com` | 993 |
| Outgoing (SMTP) | `mail.harbourline.example.com` | 465 |

> Use the full address as user name in **both** places. Most set-ups that fail have only the part before the @.

## If it does not connect

Check the answer of the mail server from any computer:

```
openssl s_client -connect mail.harbourline.example.com:993 -quiet
* OK IMAP4rev1 ready
```

If you see no `OK`, your network blocks the port. Try mobile data, then write to us.""", 23, 2),
    Written("E-mail", "Why mail lands in spam", ("spam", "spf", "dkim", "dmarc"),
            "Three records in your DNS decide whether others believe your mail: SPF, DKIM and DMARC.", """\
Other mail servers ask the DNS of your domain who may send for it. Where the answer is missing, your mail looks like
somebody else's.

## The three records

- **SPF** lists the servers that may send.
- **DKIM** holds the key that our servers sign with.
- **DMARC** says what to do with mail that fits neither.

On our name servers all three are there from the start. If your DNS is elsewhere, add this SPF record:

```
v=spf1 include:spf.harbourline.example.com -all
```

## What else matters

Send newsletters through a newsletter service, not from your mailbox. A mailbox that sends 500 messages in an hour is
paused until you have talked to us.""", 14, 3),
    Written("Domains and DNS", "Point a domain to your hosting", ("dns", "domain", "name servers"),
            "Two ways: our name servers, or two records at the company where the domain is now.", """\
## The short way: our name servers

Set these two at the company where you bought the domain. Everything else we do for you.

- `ns1.harbourline.example.com`
- `ns2.harbourline.example.com`

## The careful way: two records

Keep your name servers and change only the website:

| Name | Type | Value |
| --- | --- | --- |
| `@` | A | the address on your service's page |
| `www` | CNAME | your domain |

## How long it takes

Mostly an hour, at worst a day: others remember the old answer as long as its TTL says. Mail keeps working in the
meantime.""", 31, 1),
    Written("Domains and DNS", "Move a domain to us", ("domain", "transfer", "auth code"),
            "Unlock it, get the code, wait five days. Nothing is switched off in between.", """\
1. At the present company, **unlock** the domain and ask for its **authorisation code**.
2. Write us the domain's name and the code.
3. Confirm the mail that you get. Without it nothing happens.
4. Wait: the old company has five days to let go.

Your website and mail run on through all of this. The domain is prolonged by a year when it arrives.

A domain that was bought or moved within the last 60 days cannot be moved yet.""", 9, 0),
    Written("Websites", "Move your WordPress site to us", ("wordpress", "migration", "backup"),
            "Copy files and database, try it before anybody sees it, then switch the domain.", """\
## Before you begin

Make a backup at the old place, even if you will not need it.

## Copy it

1. Install a migration plugin on the old site and export everything into one file.
2. Install WordPress on your service here, with the same plugin.
3. Import the file.

## Try it before you switch

Add a line to the `hosts` file of your computer, so that only you see the new site:

```
198.51.100.24  www.your-domain.example
```

Click through it, send yourself the contact form, sign in. Then
[point the domain to us](/help/point-a-domain-to-your-hosting).

## Do it for me

On Business and above we move the site for you, within two working days. Write to us.""", 18, 2),
    Written("Websites", "Get a certificate for your website", ("https", "certificate", "ssl"),
            "It comes by itself once the domain points to us. What to do where it does not.", """\
You need do nothing: within ten minutes after the domain points to us there is a certificate, and it renews itself.

## If the browser still warns

- Does the domain point to us? See [Point a domain to your hosting](/help/point-a-domain-to-your-hosting).
- Is there a **CAA** record that names somebody else? Remove it.
- Does the page load pictures by `http://`? The lock stays open until they come by `https://`.""", 12, 1),
    Written("Billing", "Pay an invoice", ("invoice", "payment", "bank transfer"),
            "In the portal, or by bank transfer with the number of the invoice.", """\
Open **Billing** in the portal, choose the invoice and press **Pay**. Several invoices of one currency can be paid at
once.

## By bank transfer

Write the number of the invoice, such as `HL-2026-000042`, into the reference. We book transfers every working day.

## What if I pay too much?

It stays as credit on your account and pays the next invoice.""", 7, 0),
    Written("Billing", "What happens when an invoice is overdue", ("invoice", "overdue", "suspended"),
            "When we remind you, when a service is paused, and how it comes back.", """\
An invoice is due after 14 days. We remind you before and after by e-mail.

An order that is not paid within 14 days is cancelled: nothing was set up yet, and nothing is owed.

A service that is paused keeps all of its files and mail. It runs again minutes after the invoice is paid.

If you cannot pay in time, tell us before the day. There is nearly always a way.""", 5, 1),
    Written("Account and security", "Let colleagues into your account", ("people", "roles", "invitation"),
            "Invite them with a role: who may see, who may pay, who may change things.", """\
Open **People** in the portal and press **Invite**. They get a mail that works for seven days.

| Role | May |
| --- | --- |
| Viewer | look |
| Member | look, and ask for things |
| Billing | pay, and see invoices |
| Admin | all but the owner's own |
| Owner | everything, and close the account |

Nobody can give a role above their own. Taking somebody's access away signs them out at once.""", 6, 0),
    Written("Account and security", "I cannot sign in", ("password", "sign-in"),
            "A forgotten password, a wait after too many tries, an address that is gone.", """\
## The password is forgotten

Press **Forgot password** on the sign-in page. The mail comes within a minute and works once.

## “Too many tries”

Wait 15 minutes, or use a link by mail: that always works.

## The e-mail address is gone

Somebody else in your account with the role **Owner** can invite your new address. If you are the only one, write to us
from the address on your last invoice.""", 11, 4),
)  # fmt: skip
DRAFTS = (("Domains and DNS", "DNSSEC in five minutes", "What it does, and the record to copy.\n\n## Turn it on\n"),)


def write(*, began: datetime) -> int:
    """Write the articles in the tenant that is set, from `began` on; how many. None where somebody has begun."""
    with db.transaction():
        if topics.every():
            return 0
        ids = {
            name: topics.create(name, description=about, icon=icon, position=place).id
            for place, (name, about, icon) in enumerate(TOPICS)
        }
    for number, one in enumerate(ARTICLES):
        with clock.moved_to(began + timedelta(hours=7 * number)), db.transaction():
            _publish(one, ids[one.topic])
    for topic, title, body in DRAFTS:
        with db.transaction():
            service.create(Words(title=title, body=body, category_id=ids[topic]))
    return len(ARTICLES)


def _publish(one: Written, topic_id: UUID) -> None:
    article = service.create(
        Words(title=one.title, body=one.body, summary=one.summary, tags=one.tags, category_id=topic_id)
    )
    publishing.publish(article)
    for number in range(one.yes + one.no):
        voter = votes.voter(visit=f"demo {number}")
        votes.vote(article.id, voter=voter, is_helpful=number < one.yes)
