"""Talking to strangers: what is refused, what is pinned, what is bounded (cases 81 to 90)."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network

import pytest
import trustme

from app.kernel import addresses, outbound
from app.kernel.outbound import NOT_CONNECTED, Answer, Refused
from tests.kernel.strangers import NameServer, TlsServer, raw_server
from tests.support.receiver import ALLOW, Canary, Receiver

HERE = ip_network(ALLOW)

PRIVATE = [
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://0177.0.0.01/", "https://017700000001/", "https://127.0.0.1./",
    "https://0/", "https://0.0.0.0/", "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/", "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::]/", "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fc00::1]/", "https://[fd12::1]/", "https://[ff02::1]/",
    "https://[2001:db8::1]/", "https://[100::1]/", "https://[::ffff:169.254.169.254]/", "https://[fd00:ec2::254]/",
    "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/",
    "https://100.64.0.1/", "https://100.100.100.200/", "https://192.0.0.192/", "https://198.18.0.1/", "https://224.0.0.1/",
    "https://239.255.255.255/", "https://240.0.0.1/", "https://255.255.255.255/", "https://168.63.129.16/",
    "https://localhost/", "https://LOCALHOST./", "https://foo.localhost/", "https://１２７.0.0.1/", "https://127。0。0。1/",
    "https://①②⑦.0.0.1/", "https://ⓛocalhost/", "https://127.0.0.1%2f.example/", "https://127%2e0.0.1/", "https://[::1].example/",
]  # fmt: skip
NONSENSE = [
    "", "https://", "https:///path", "//site.example/", "site.example", "ftp://site.example/", "file:///etc/passwd",
    "gopher://site.example/", "javascript:alert(1)", "https://user@site.example/", "https://user:word@site.example/",
    "https://site.example@127.0.0.1/", "https://127.0.0.1#@site.example/", "https://site.example\\@127.0.0.1/",
    "https://site.example/#part", "https://site.example /", "https://site.example/\r\nHost: x", "https://site.example/\0",
    "https://site.example:22/", "https://site.example:25/", "https://site.example:80/", "https://site.example:0/",
    "https://site.example:65536/", "https://site.example:6379/", "https://site.example:５/", "https://-a.example/",
    "https://a..b/", "https://" + "a" * 64 + ".example/", "https://" + "a." * 127 + "example/", "https://a_b.example/",
    "https://256.256.256.256/", "https://1.2.3.4.5/", "https://0x1ffffffff/", "https://[1::2::3]/", "https://[127.0.0.1]/",
    "https://xn--a.example/" + "x" * 2000, "http://site.example/", "http://8.8.8.8/", "https://site.example/ü",
]  # fmt: skip
PUBLIC = {
    "https://site.example/hook?a=1&b=@x": "https://site.example/hook?a=1&b=@x",
    "HTTPS://Site.Example": "https://site.example/",
    "https://site.example.": "https://site.example/",
    "https://site.example:443/": "https://site.example/",
    "https://site.example:8443?x": "https://site.example:8443/?x",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://8.8.8.8/": "https://8.8.8.8/",
    "https://0x08080808/": "https://8.8.8.8/",
    "https://[2606:4700::1111]:8443/": "https://[2606:4700::1111]:8443/",
    "https://[::ffff:8.8.8.8]/": "https://8.8.8.8/",
    "https://10.example/": "https://10.example/",
}


@pytest.fixture(autouse=True)
def _own_rules() -> Iterator[None]:
    yield
    outbound.configure()


@pytest.fixture(scope="module")
def listening() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.stop()


@pytest.fixture
def canary(listening: Canary) -> Iterator[Canary]:
    """Must see nobody."""
    before = listening.visits
    yield listening
    assert listening.visits == before == 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    outbound.configure(timeout=3.0, networks=[HERE])
    found = Receiver()
    yield found
    found.stop()


@pytest.fixture
def names() -> Iterator[NameServer]:
    found = NameServer()
    yield found
    found.stop()


# --- 81, 89: every spelling ---


@pytest.mark.parametrize("url", PRIVATE + NONSENSE)
def test_what_is_not_public_is_refused_however_it_is_spelled(url: str, canary: Canary) -> None:
    with_port = url.replace("127.0.0.1/", f"127.0.0.1:{canary.port}/")

    for one in {url, with_port}:
        with pytest.raises(Refused):
            outbound.check_url(one)
        answer = outbound.send(one)
        assert (answer.status, answer.is_success) == (0, False)


@pytest.mark.parametrize(("url", "understood"), PUBLIC.items())
def test_what_is_public_is_taken_and_brought_to_one_form(url: str, understood: str) -> None:
    assert outbound.check_url(url).url == understood


def test_the_operators_networks_are_admitted_by_plain_http_and_nothing_else_is(
    receiver: Receiver, canary: Canary
) -> None:
    assert outbound.send(f"{receiver.url}/hook", body=b"{}").status == 204
    assert outbound.check_url(receiver.url.replace("127.0.0.2", "[::ffff:127.0.0.2]")).host == "127.0.0.2"
    for url in (f"http://127.0.0.1:{canary.port}/", f"http://[::1]:{canary.port}/", "http://8.8.8.8/"):
        with pytest.raises(Refused):
            outbound.check_url(url)


def test_no_address_that_is_special_is_open() -> None:
    for network in addresses._SPECIAL:
        assert not addresses.is_open(network[0], ())
        assert not addresses.is_open(network[-1], ())
    assert addresses.is_open(ip_address("127.0.0.2"), (HERE,))


# --- 82, 83: names ---


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["::1"], ["169.254.169.254"], ["::ffff:7f00:1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"],
     ["8.8.8.8", "::1"], []],
)  # fmt: skip
def test_a_name_with_one_address_that_is_not_public_is_not_connected_to(
    names: NameServer, canary: Canary, answers: list[str]
) -> None:
    names.say("site.example", *answers)
    outbound.configure(timeout=2.0, name_server=names.address)

    answer = outbound.send(f"https://site.example:{canary.port}/")

    assert (answer.status, answer.problem) == (0, NOT_CONNECTED)
    assert names.asked


def test_a_name_that_leads_to_another_is_judged_by_where_it_ends(names: NameServer, canary: Canary) -> None:
    names.alias("site.example", "localhost")
    names.say("localhost", "127.0.0.1")
    outbound.configure(timeout=2.0, name_server=names.address)

    assert outbound.send(f"https://site.example:{canary.port}/").problem == NOT_CONNECTED


def test_a_name_that_changes_its_address_between_check_and_use_gains_nothing(names: NameServer, canary: Canary) -> None:
    """Rebinding: the name is asked once for each exchange, and the connection goes where the answer was checked."""
    outbound.configure(timeout=0.3, networks=[HERE], name_server=names.address)
    with raw_server(b"HTTP/1.1 204 No Content\r\n\r\n", port=canary.port) as visits:
        names.take_turns("site.example", ["127.0.0.2"], ["127.0.0.1"])
        answers = [outbound.send(f"http://site.example:{canary.port}/") for _ in range(1000)]

    assert {answer.status or answer.problem for answer in answers} == {204, NOT_CONNECTED}
    assert visits.count == sum(answer.status == 204 for answer in answers)


def test_a_name_server_that_says_nothing_takes_no_longer_than_the_whole_may(names: NameServer) -> None:
    names.hush()
    outbound.configure(timeout=0.6, name_server=names.address)

    answer = outbound.send("https://site.example/")

    assert answer.problem == NOT_CONNECTED
    assert answer.milliseconds < 1500


# --- 84 to 88: what a receiver says ---


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("there", ["http://127.0.0.1:{port}/", "/elsewhere", "//127.0.0.1:{port}/"])
def test_no_redirect_is_followed(receiver: Receiver, canary: Canary, status: int, there: str) -> None:
    place = there.format(port=canary.port)
    receiver.behave(lambda _told: (status, {"Location": place, "Refresh": f"0; url={place}"}))

    answer = outbound.send(f"{receiver.url}/hook")

    assert (answer.status, answer.is_success) == (status, False)
    assert len(receiver.told) == 1


def test_nothing_is_taken_from_the_environment_and_nothing_kept_between(
    receiver: Receiver, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    receiver.behave(lambda _told: (200, {"Set-Cookie": "a=b; Path=/"}))

    for _ in range(2):
        outbound.send(f"{receiver.url}/hook")

    assert [set(told.headers) & {"cookie", "authorization", "proxy-authorization"} for told in receiver.told] == [
        set(),
        set(),
    ]


def answer_to(said: bytes | Callable[[socket.socket], None], *, timeout: float = 2.0) -> Answer:
    outbound.configure(timeout=timeout, networks=[HERE])
    with raw_server(said) as visits:
        return outbound.send(f"http://127.0.0.2:{visits.port}/")


def pour(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        line.sendall(b"x" * 65536)


def test_of_a_long_answer_64_kib_are_kept(receiver: Receiver) -> None:
    answer = answer_to(pour, timeout=10)

    assert (answer.status, len(answer.body), answer.is_cut) == (200, outbound.MOST_BODY, True)
    assert answer.milliseconds < 2000


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: y\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
        b"<html>hello</html>",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"",
    ],
)
def test_what_is_no_http_is_a_failure_in_plain_words(said: bytes) -> None:
    answer = answer_to(said)

    assert (answer.status, answer.is_success) == (0, False)
    assert answer.problem in {
        "What it answered is not HTTP as it should be.", "The connection broke before a whole answer came."
    }  # fmt: skip


def test_a_compressed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(b"0" * 50_000_000)[:60_000]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    assert answer_to(head + packed).body == packed


def drip(line: socket.socket) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100:
        line.sendall(bytes([letter]))
        time.sleep(0.1)


def drip_late(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(100):
        line.sendall(b"x")
        time.sleep(0.1)


@pytest.mark.parametrize("said", [drip, drip_late, lambda line: time.sleep(5)], ids=["head", "body", "silence"])
def test_the_time_out_counts_for_the_whole_exchange(said: Callable[[socket.socket], None]) -> None:
    answer = answer_to(said, timeout=0.5)

    assert answer.problem == "It did not answer in time."
    assert 450 <= answer.milliseconds < 1000


def test_a_reset_and_a_closed_door_say_little(receiver: Receiver) -> None:
    broken = outbound.send(f"{receiver.url}/reset")
    receiver.stop()
    closed = outbound.send(f"{receiver.url}/")

    assert broken.problem == "The connection broke before a whole answer came."
    assert closed.problem == NOT_CONNECTED


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "x"}, {"content-length": "5"}, {"Transfer-Encoding": "chunked"}, {"webhook-id": "x"},
        {"Webhook-Signature": "v1,x"}, {"X-MPanel-Signature": "x"}, {"Connection": "close"}, {"Cookie": "a=b"},
        {"Proxy-Authorization": "x"}, {"X A": "1"}, {"": "1"}, {"X-Ü": "1"}, {"X:": "1"}, {"X-A": "a\r\nB: c"}, {"X-A\r\n": "a"},
        {"X-A": "ü"}, {"X-A": "a\0"}, {"X-A": "1", "x-a": "2"}, {f"x-{number}": "1" for number in range(100)},
        {"X-A": "y" * 64_000},
    ],
)  # fmt: skip
def test_headers_that_are_ours_or_none_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Refused):
        outbound.check_headers(headers)


def test_other_headers_are_taken() -> None:
    assert outbound.check_headers({"Authorization": " Bearer abc ", "X-Shop": "7"}) == {
        "authorization": "Bearer abc",
        "x-shop": "7",
    }


# --- 86: TLS ---


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def ask_tls(
    authority: trustme.CA,
    names: NameServer,
    tmp_path: object,
    certificate: trustme.LeafCert | None = None,
    **server: object,
) -> Answer:
    bundle = tmp_path / "ca.pem"  # type: ignore[operator]
    authority.cert_pem.write_to_path(str(bundle))
    names.say("site.example", "127.0.0.2")
    issued = certificate or authority.issue_cert("site.example")
    with TlsServer(issued, **server) as found:  # type: ignore[arg-type]
        outbound.configure(timeout=3.0, networks=[HERE], authorities=bundle, name_server=names.address)
        return outbound.send(f"https://site.example:{found.port}/", body=b"{}")


def test_a_trusted_certificate_for_the_name_is_enough_whatever_the_address(
    authority: trustme.CA, names: NameServer, tmp_path: object
) -> None:
    assert ask_tls(authority, names, tmp_path).status == 204


@pytest.mark.parametrize("fault", ["stranger", "expired", "other-name", "by-address", "old-tls"])
def test_tls_that_proves_nothing_is_a_failure_with_a_clear_reason(
    authority: trustme.CA, names: NameServer, tmp_path: object, fault: str
) -> None:
    from datetime import UTC, datetime

    past = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = {
        "stranger": lambda: trustme.CA().issue_cert("site.example"),
        "expired": lambda: authority.issue_cert("site.example", not_after=past),
        "other-name": lambda: authority.issue_cert("evil.example"),
        "by-address": lambda: authority.issue_cert("127.0.0.2"),
        "old-tls": lambda: authority.issue_cert("site.example"),
    }[fault]()
    newest = ssl.TLSVersion.TLSv1_1 if fault == "old-tls" else None

    answer = ask_tls(authority, names, tmp_path, certificate, newest=newest)

    assert answer.status == 0
    assert (
        answer.problem
        == {
            "stranger": "Its certificate is not one that is trusted.",
            "expired": "Its certificate has expired.",
            "other-name": "Its certificate is for another name.",
            "by-address": "Its certificate is for another name.",
            "old-tls": "No secure connection could be made; TLS 1.2 or newer is needed.",
        }[fault]
    )


# --- 90: nothing is told of what stands inside ---


def test_closed_open_private_and_absent_are_told_alike_and_at_once(names: NameServer, canary: Canary) -> None:
    names.say("open.example", "127.0.0.1")
    names.say("closed.example", "127.0.0.1")
    names.say("metadata.example", "169.254.169.254")
    outbound.configure(timeout=5.0, name_server=names.address)
    ports = {
        "open.example": canary.port,
        "closed.example": canary.port + 1,
        "metadata.example": 8080,
        "absent.example": 443,
    }

    answers = [outbound.send(f"https://{name}:{port}/") for name, port in ports.items()]

    assert {answer.problem for answer in answers} == {NOT_CONNECTED}
    assert max(answer.milliseconds for answer in answers) < 500


def test_many_at_once_do_not_disturb_each_other(receiver: Receiver) -> None:
    receiver.behave(lambda told: (200, {}, told.path.encode()))
    found: dict[int, bytes] = {}

    def ask(number: int) -> None:
        found[number] = outbound.send(f"{receiver.url}/{number}").body

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {number: f"/{number}".encode() for number in range(30)}
