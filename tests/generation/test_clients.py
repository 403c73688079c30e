import gzip
import json
import logging
import socket
import ssl
import traceback
from base64 import b64encode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from generation import connections
from generation.answers import LONGEST_WAIT, read, wait_of
from generation.clients import Client, Later, Rejected, ServerRefuses, address_problem
from tests.model_server import Answer, chat, completion, serving

KEY = "sk-4f9d2c7be1a05386"
BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def error_of(answer: Answer, timeout: float = 5, **given: Any) -> Exception:
    """What asking for a chat raises."""
    with serving(lambda asked: answer) as server:
        with pytest.raises((Later, Rejected, ServerRefuses)) as caught:
            Client(server.url, timeout=timeout, anywhere=True, **given).chat(BODY)
        assert len(server.asked) == 1
    return caught.value


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


def test_a_chat_a_completion_and_other_paths_are_asked_as_servers_document_them() -> None:
    answers = {
        "/v1/chat/completions": chat("four"),
        "/v1/completions": completion("x", logprobs=[("x", None)]),
        "/classify": Answer([[0.1]]),
        "/v1/score": Answer({"data": []}),
        "/v1": Answer({"score": 1}),
    }
    with serving(lambda asked: answers[asked.path]) as server:
        client = Client(server.url, key=KEY, anywhere=True)
        given = {**BODY, "top_k": 5, "guided_choice": ["1", "2"]}
        assert client.chat(given)["choices"][0]["message"]["content"] == "four"
        assert client.completion({"prompt": "x"})["choices"][0]["logprobs"]["tokens"] == ["x"]
        assert client.post("classify", {"input": "a"}) == [[0.1]]
        assert client.post("/v1/score", {}) == {"data": []}
        assert client.post("", {}) == {"score": 1}
        assert server.connected == 1
    assert server.asked[0].body == given
    assert [asked.path for asked in server.asked] == list(answers)
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("answer", "kind", "line"),
    [
        (Answer(said("slow down"), 429), Later, "slow down"),
        (Answer(said("no quota", code="insufficient_quota"), 429), ServerRefuses, "no quota"),
        (Answer("upstream timed out", 504), Later, "upstream timed out"),
        (Answer("<html>Bad gateway</html>", 502), Later, "(502)."),
        (Answer({"error": "model is overloaded", "error_type": "overloaded"}, 424), Later, "overloaded"),
        (Answer(said("too long"), 400), Rejected, "too long"),
        (Answer({"detail": [{"loc": ["body"], "msg": "field required"}]}, 422), Rejected, "field required"),
        (Answer({"object": "error", "message": "context length"}, 413), Rejected, "context length"),
        (Answer(said("wrong key"), 401), ServerRefuses, "wants a key, and has none here (401)."),
        (Answer(said("not from your country"), 403), ServerRefuses, "your country"),
        (Answer(said("The model m does not exist"), 404), ServerRefuses, "The model m does not exist"),
        (Answer({"detail": "Not Found"}, 404), ServerRefuses, "Not Found"),
        (Answer({}, 402), ServerRefuses, "(402)"),
        (Answer({}, 501), ServerRefuses, "(501)"),
        (Answer("{", 200), Later, "not JSON"),
        (Answer("[" * 100_000), Later, "not JSON"),
        (Answer(b"\xff\xfe"), Later, "not JSON"),
        (Answer("null"), Later, "neither"),
        (Answer([]), Later, "list"),
        (Answer({"choices": []}), Later, "no choices"),
        (Answer({"choices": ["x"]}), Later, "no choices"),
        (Answer(said("provider is down", code=502)), Later, "provider is down"),
        (Answer(said("flagged", code=403)), ServerRefuses, "flagged"),
        (Answer(chat("four").body, cut=True), Later, "whole"),
        (Answer(cut=True), Later, "whole"),
        (Answer(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}), Rejected, "compressed"),
        (Answer(b"[" + b" " * 20_000_000 + b"]"), Rejected, "20 MB"),
    ],
)
def test_each_fault_says_whether_another_try_may_help(
    answer: Answer, kind: type[Exception], line: str
) -> None:
    error = error_of(answer)
    assert type(error) is kind
    assert line in str(error)
    assert len(str(error)) < 500
    assert "\n" not in str(error)


def test_an_answer_that_does_not_come_in_time_is_asked_for_later() -> None:
    late = chat("four")
    assert "in time" in str(error_of(Answer(late.body, wait=30), timeout=0.1))


def test_a_server_that_drips_its_answer_holds_nobody_for_longer_than_one_that_is_silent() -> None:
    # Every byte comes well within the time, the whole does not.
    error = error_of(Answer({"choices": [{}] * 5}, drip=0.05), timeout=0.3)
    assert isinstance(error, Later)
    assert "in time" in str(error)


def test_a_redirect_is_not_followed() -> None:
    with serving(lambda asked: chat("four")) as other:
        moved = Answer(status=307, headers={"Location": f"{other.url}/chat/completions"})
        assert isinstance(error_of(moved, key=KEY), ServerRefuses)
        assert other.asked == []


def test_a_server_that_is_not_there_may_come_back() -> None:
    with serving(lambda asked: chat("four")) as server:
        pass
    with pytest.raises(Later, match="refused"):
        Client(server.url, anywhere=True).chat(BODY)


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew() -> None:
    with serving(lambda asked: chat("four")) as server:
        client = Client(server.url, anywhere=True)
        client.chat(BODY)
        for connection in list(server.connections):
            connection.shutdown(socket.SHUT_RDWR)
        client.chat(BODY)
        assert server.connected == 2


def test_a_client_that_is_closed_keeps_no_connection_and_may_be_asked_again() -> None:
    with serving(lambda asked: chat("four")) as server:
        client = Client(server.url, anywhere=True)
        client.close()
        for number in (1, 2):
            client.chat(BODY)
            client.close()
            assert server.connected == number
            while server.connections:  # until the server has noticed
                server.ended.wait(0.001)


def test_many_threads_share_a_client_and_each_gets_its_own_answer() -> None:
    with serving(lambda asked: chat(asked.body["messages"])) as server:
        client = Client(server.url, anywhere=True)

        def content(number: int) -> str:
            return str(client.chat({"messages": f"number {number}"})["choices"][0]["message"]["content"])

        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(content, range(320))) == [f"number {number}" for number in range(320)]
        assert server.connected <= 16


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-7"}, 0),
        ({"Retry-After": "99999999999"}, 3600),
        ({"Retry-After": "inf"}, 5),
        ({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, 3600),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, 5),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        ({"x-ratelimit-reset-requests": "1m30s", "x-ratelimit-reset-tokens": "6m"}, 90),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({}, 5),
    ],
)
def test_a_server_says_how_long_it_wants_to_be_left_alone(headers: dict[str, str], wait: float) -> None:
    error = error_of(Answer(said("slow down"), 429, headers))
    assert isinstance(error, Later)
    assert error.wait == pytest.approx(wait)


def test_a_server_that_fails_and_asks_for_nothing_leaves_the_wait_to_who_asks() -> None:
    error = error_of(Answer(status=500))
    assert isinstance(error, Later)
    assert error.wait is None


@given(st.integers(-100_000, 100_000))
def test_a_date_to_wait_for_is_as_far_away_as_it_is_from_now(seconds: int) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    date = (now + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert wait_of({"retry-after": date}, now) == min(max(seconds, 0), LONGEST_WAIT)


@given(st.text(max_size=40) | st.from_regex(r"-?\d{1,40}(\.\d+)?|[0-9hms.]{1,12}", fullmatch=True))
def test_whatever_stands_for_a_time_the_wait_is_bounded(given: str) -> None:
    names = ("retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens")
    for name in names:
        wait = wait_of({name: given})
        assert wait is None or 0 <= wait <= LONGEST_WAIT


# What escapes are made of, NUL, halves of surrogate pairs and a whole one.
TEXT = st.text(st.sampled_from(list('\\ud80e"\n\0\ud800\udfff😀')), max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=4))
def test_an_answer_is_read_as_any_database_keeps_it(answer: list[Any]) -> None:
    found = read(json.dumps(answer).encode())
    text = json.dumps(found, ensure_ascii=False)
    assert "\\u0000" not in text
    text.encode()
    given = json.dumps(answer, ensure_ascii=False)
    if "\\u0000" not in given and not any("\ud800" <= character <= "\udfff" for character in given):
        assert found == answer


# The key.


def test_the_key_is_in_no_error_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    """Also where the server repeats it, and everything is logged."""
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    text = f"Incorrect API key provided: {KEY}. Authorization: Bearer {KEY}"
    faults = [Answer(said(text), status) for status in (400, 401, 403, 404, 429, 500)]
    faults += [Answer(text), Answer(text, 500), Answer(said(text, code=403)), Answer(cut=True)]
    faults.append(Answer(headers={"X-Key": KEY, "Location": f"/{KEY}"}, status=302))
    shown = repr(Client("https://api.example.org/v1", key=KEY))
    for fault in faults:
        error = error_of(fault, key=KEY)
        assert error.__traceback__ is not None
        # The first frame is this module's, which has the key.
        frames = traceback.TracebackException(
            type(error), error, error.__traceback__.tb_next, capture_locals=True
        )
        shown += f"{error!s} {error!r} {''.join(frames.format())}"
    with serving(lambda asked: chat(asked.headers["authorization"])) as server:
        answer = Client(server.url, key=KEY, anywhere=True).chat(BODY)
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "Bearer (key)" in json.dumps(answer)
    assert "Incorrect API key provided: (key)" in shown
    assert KEY not in shown
    assert KEY not in caplog.text
    assert "Hello" not in caplog.text


def test_a_key_crosses_the_internet_by_tls_alone() -> None:
    with pytest.raises(ServerRefuses, match="plain http"):
        Client("http://api.example.org/v1", key=KEY).chat(BODY)


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "with space"])
def test_a_key_that_no_header_carries_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ServerRefuses) as caught:
        Client("https://api.example.org/v1", key=key).chat(BODY)
    assert key not in str(caught.value)


def test_nothing_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "the operator's own")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: the operator's own\nAuthorization: Bearer another")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.example.org/v1")
    with serving(lambda asked: chat("four")) as server:
        Client(server.url, anywhere=True).chat(BODY)
    sent = server.asked[0].headers
    assert set(sent) == {"host", "accept", "accept-encoding", "content-type", "content-length", "user-agent"}
    assert "operator" not in str(sent)


# Where it goes.


def test_a_private_address_is_reached_only_where_that_is_said() -> None:
    with serving(lambda asked: chat("four")) as server:
        here = f"127.0.0.1:{server.port}"
        for allowed in ((), ("localhost",), ("127.0.0.1:1",), ("127.0.0.2",)):
            with pytest.raises(ServerRefuses, match="MANYMINDS_MODEL_SERVERS"):
                Client(server.url, allowed=allowed).chat(BODY)
        assert server.connected == 0
        for client in (
            Client(server.url, allowed=(here,)),
            Client(server.url, key=KEY, allowed=("127.0.0.1",)),
            Client(server.url, anywhere=True),
        ):
            assert client.chat(BODY)


@pytest.mark.parametrize(
    "host", ["localhost", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:7f00:1]", "0.0.0.0"]
)
def test_no_spelling_of_this_machine_is_reached(host: str) -> None:
    with serving(lambda asked: chat("four")) as server:
        with pytest.raises(ServerRefuses, match="MANYMINDS_MODEL_SERVERS"):
            Client(f"http://{host}:{server.port}/v1").chat(BODY)
        assert server.connected == 0


def stands_for(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """What the name service says, one list of addresses a time; the last one from then on."""
    left = list(answers)

    def look_up(host: str, port: int, **given: Any) -> list[Any]:
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_what_counts_is_the_address_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stood for a public address when it was looked at, and stands for a private one now."""
    with serving(lambda asked: chat("four")) as server:
        stands_for(monkeypatch, ["127.0.0.1"])
        with pytest.raises(ServerRefuses, match="MANYMINDS_MODEL_SERVERS") as caught:
            Client(f"http://rebound.example.org:{server.port}/v1").chat(BODY)
        assert server.connected == 0
        assert "127.0.0.1" not in str(caught.value)


def test_a_name_is_looked_up_once_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it looked up again to connect, the second answer would lead within."""
    with serving(lambda asked: chat("four")) as server:
        stands_for(monkeypatch, ["203.0.113.1", "10.0.0.1"], ["127.0.0.1"])
        for _ in range(2):
            with pytest.raises(ServerRefuses):
                Client(f"http://rebound.example.org:{server.port}/v1").chat(BODY)
        assert server.connected == 0


def test_this_machine_is_not_reached_by_a_public_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its firewall: as though 127.0.0.1 were public."""
    monkeypatch.setattr(connections, "may_reach", lambda port, address: address == IPv4Address("127.0.0.1"))
    with serving(lambda asked: chat("four")) as server:
        with pytest.raises(ServerRefuses, match="MANYMINDS_MODEL_SERVERS"):
            Client(server.url).chat(BODY)
        assert server.asked == []


def test_a_proxy_of_the_environment_serves_only_who_may_go_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    stands_for(monkeypatch, ["127.0.0.1"])
    with serving(lambda asked: chat("proxy")) as proxy, serving(lambda asked: chat("server")) as server:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        url = f"http://judge.example.org:{server.port}/v1"
        for client, answered in (
            (Client(url, allowed=("judge.example.org",)), "server"),
            (Client(url, anywhere=True), "proxy"),
            (Client(server.url, anywhere=True), "server"),
        ):
            assert client.chat(BODY)["choices"][0]["message"]["content"] == answered
    assert [asked.path for asked in proxy.asked] == [f"{url}/chat/completions"]
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(ServerRefuses, match="proxy"):
        Client(url, anywhere=True).chat(BODY)


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.example.org/v1",
        "ftp://api.example.org",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://user:secret@api.example.org/v1",
        "https://api.example.org/v1?key=secret",
        "https://api.example.org/v1#x",
        "https://api.example.org\\@127.0.0.1/",
        "https://api.example.org:99999/v1",
        "https://api.example.org:0/v1",
        "https://api example.org/v1",
        "https://api.example.org/v1\n",
        "https://[::1/v1",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_in_a_line(base_url: str) -> None:
    assert address_problem(base_url)
    with pytest.raises(ServerRefuses) as caught:
        Client(base_url, anywhere=True).chat(BODY)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=30) | st.from_regex(r"https?://[a-z0-9@:\[\]%._~/#?-]{0,30}", fullmatch=True))
def test_whatever_is_typed_as_an_address_ends_in_one_of_the_three_errors(given: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        stands_for(patched, ["127.0.0.1"])
        with pytest.raises((Later, Rejected, ServerRefuses)):
            Client(given).chat(BODY)


# TLS.


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a model server of the tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "server.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def by_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_server_is_spoken_to_by_tls_where_its_certificate_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(lambda asked: chat("four"), tls=by_tls(certificate)) as server:
        client = Client(server.url.replace("http", "https"), key=KEY, anywhere=True)
        for _ in range(3):
            client.chat({**BODY, "padding": "x" * 1_000_000})
        assert server.connected == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving(lambda asked: chat("four"), tls=by_tls(certificate)) as server:
        with pytest.raises(ServerRefuses, match="certificate"):
            Client(server.url.replace("http", "https"), key=KEY, anywhere=True).chat(BODY)
        assert server.asked == []


def test_a_server_without_tls_is_not_asked_by_tls() -> None:
    with serving(lambda asked: chat("four")) as server:
        with pytest.raises(ServerRefuses, match="TLS"):
            Client(server.url.replace("http", "https"), key=KEY, anywhere=True).chat(BODY)
        assert server.asked == []


def test_however_a_server_repeats_the_key_it_is_not_read() -> None:
    key = "sk-Ab/+=%_9.x" * 3
    escaped = "".join(f"\\u00{ord(letter):02X}" for letter in key)
    beside = [f"{'x' * n}Bearer {key}{'y' * m}".encode() for n in range(3) for m in range(3)]
    forms = [key, escaped, key.replace("/", "\\/"), quote(key, safe="")]
    forms += [encode(text).decode() for encode in (b64encode, urlsafe_b64encode) for text in beside]
    for form in forms:
        with serving(lambda asked, form=form: Answer(f'{{"said": "{form}"}}')) as server:  # type: ignore[misc]
            said = Client(server.url, key=key, anywhere=True).post("", {})
        assert isinstance(said, dict) and "(key)" in said["said"] and len(said["said"]) < 40, form
    with serving(lambda asked: Answer({"said": "a" * 50_000})) as server:
        assert Client(server.url, key=key, anywhere=True).post("", {}) == {"said": "a" * 50_000}
