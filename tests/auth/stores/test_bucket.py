"""What goes over the wire to object storage, and what its refusals are called. No address but this machine's is asked."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from typing_extensions import override

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores.bucket import Bucket, open_bucket
from tap_exact_online.auth.stores.objects import ObjectStore
from tap_exact_online.errors import ConfigurationError
from tests.auth.stores.kinds import OWNER, TOKENS
from tests.auth.stores.servers import S3

NOWHERE = "http://127.0.0.1:9"  # the port of the discard service, on which nothing answers


@dataclass
class Server:
    """A server that notes what it is asked, and says what it is told to."""

    endpoint: str = ""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    status: int = 200
    body: bytes = b""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    it = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            it.asked.append(
                (self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
            )
            self.send_response(it.status)
            self.send_header("etag", '"new"')
            self.send_header("x-goog-generation", "7")
            self.send_header("last-modified", "Mon, 23 Nov 2026 12:00:00 GMT")
            self.send_header("content-length", str(len(it.body)))
            self.end_headers()
            self.wfile.write(it.body)

        do_GET = do_PUT = answer  # noqa: N815  named by http.server

        @override
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        it.endpoint = f"http://127.0.0.1:{listener.server_port}"
        key = {"gcs_base_url": it.endpoint, "disable_oauth": True}
        for name, value in {
            "AWS_ENDPOINT_URL": it.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "AKIDHUNTER2",
            "AWS_SECRET_ACCESS_KEY": "secret-hunter2",
            "AZURE_STORAGE_ENDPOINT": it.endpoint,
            "AZURE_ALLOW_HTTP": "true",
            "AZURE_STORAGE_ACCOUNT_NAME": "account",
            "AZURE_STORAGE_ACCOUNT_KEY": "aHVudGVyMg==",
            "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(
                {**key, "client_email": "", "private_key": "", "private_key_id": ""}
            ),
            "HTTP_PROXY": NOWHERE,
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)
        yield it
        listener.shutdown()
        thread.join()


def opened(url: str) -> Bucket:
    return open_bucket(url, OWNER)[0]


@pytest.mark.parametrize(
    ("url", "path", "nothing", "something"),
    [
        pytest.param("s3://b/a/k", "/b/a/k", ("if-none-match", "*"), ("if-match", '"old"'), id="s3"),
        pytest.param("az://b/a/k", "/b/a/k", ("if-none-match", "*"), ("if-match", '"old"'), id="az"),
        pytest.param(
            "gs://b/a/k",
            "/b/a%2Fk",
            ("x-goog-if-generation-match", "0"),
            ("x-goog-if-generation-match", "5"),
            id="gs",
        ),
    ],
)
def test_every_write_carries_its_condition(
    url: str, path: str, nothing: tuple[str, str], something: tuple[str, str], server: Server
) -> None:
    bucket = opened(url)
    version = bucket.put(b"content", None)
    assert version["e_tag"] == '"new"'
    assert (version.get("version") == "7") is url.startswith("gs")
    bucket.put(b"content", {"e_tag": '"old"', "version": "5"})
    for asked, (name, value) in zip(server.asked, (nothing, something), strict=True):
        assert asked[0] == "PUT"
        assert asked[1].partition("?")[0] in {path, path.replace("%2F", "/")}
        assert asked[2][name] == value


def test_what_is_read_names_its_version(server: Server) -> None:
    server.body = b"content"
    found = opened("s3://b/k").get()
    assert found is not None
    assert (found.content, found.version) == (b"content", {"e_tag": '"new"'})


XML = "<?xml version='1.0'?>\n<Error><Code>{}</Code><Message>hunter2</Message></Error>"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        pytest.param(
            403, "SignatureDoesNotMatch", "the server says 403 Forbidden, SignatureDoesNotMatch", id="403"
        ),
        pytest.param(401, "", "the server says 401 Unauthorized", id="401"),
        pytest.param(400, "InvalidArgument", "the server says 400 Bad Request, InvalidArgument", id="400"),
        pytest.param(404, "NoSuchBucket", "the server says 404 Not Found, NoSuchBucket", id="no-bucket"),
    ],
)
def test_a_refusal_is_named_in_the_servers_words_without_secrets(
    status: int, code: str, words: str, server: Server
) -> None:
    server.status, server.body = status, XML.format(code).encode() if code else b""
    store = ObjectStore(*open_bucket("s3://b/k", OWNER), Form(OWNER))
    for what in ("read", "locked"):
        with pytest.raises(ConfigurationError) as caught:
            store.read() if what == "read" else store.write(TOKENS)
        said = str(caught.value)
        assert said.startswith(f"The token store s3://b/k cannot be {what}: {words}. Check `store`")
        assert "AWS_ACCESS_KEY_ID" in said
        assert "hunter2" not in said.lower()


@pytest.mark.parametrize("status", [501, 503])
def test_a_server_that_cannot_write_is_named_after_a_few_tries(status: int, server: Server) -> None:
    server.status = status
    with pytest.raises(OSError, match=f"the server says {status}"):
        opened("s3://b/k").put(b"content", None)
    assert 1 <= len(server.asked) <= 4


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOWHERE)
    with pytest.raises(OSError, match="error sending request"):
        opened("s3://b/k").get()
    assert server.asked == []


def test_conditions_that_are_switched_off_are_missed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "disabled")
    with pytest.raises(OSError, match="knows no conditional writes"):
        opened("s3://b/k").put(b"content", None)
    assert server.asked == []


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("url", "place"),
    [
        pytest.param("s3://bucket/a/tokens.json", "s3://bucket/a/tokens.json", id="key"),
        pytest.param("S3://bucket/a%20b", "s3://bucket/a b", id="escaped"),
        pytest.param("gs://bucket/folder/", f"gs://bucket/folder/{OWNER}.json", id="folder"),
        pytest.param("az://container", f"az://container/{OWNER}.json", id="bucket-alone"),
    ],
)
def test_a_url_names_an_object(url: str, place: str) -> None:
    bucket, named = open_bucket(url, OWNER)
    assert named == place
    assert place.endswith(f"/{bucket.key}")


@pytest.mark.parametrize(
    "url",
    [
        "s3:",
        "s3://",
        "s3:///key",
        "s3:bucket/key",
        "s3://key:hunter2@bucket/k",
        "s3://b/k?secret=hunter2",
        "s3://[b/k",
    ],
)
def test_what_is_no_such_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"is not a URL of the form s3://bucket/.*AWS_ACCESS_KEY_ID"
    ) as caught:
        open_bucket(url, OWNER)
    assert "hunter2" not in str(caught.value)


def test_an_environment_that_does_not_go_with_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_USE_EMULATOR"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match=r"Account must be specified.*AZURE_STORAGE_ACCOUNT_NAME"):
        open_bucket("az://container/k", OWNER)


def test_a_missing_bucket_is_not_an_empty_store(s3: S3) -> None:
    store = ObjectStore(*open_bucket(f"s3://{s3.bucket}-not/k", OWNER), Form(OWNER))
    with pytest.raises(ConfigurationError, match="NoSuchBucket"):
        store.read()
    with pytest.raises(ConfigurationError, match="NoSuchBucket"), store.lock():
        pytest.fail("locked")


def test_the_folder_of_a_bucket_serves_several_owners(s3: S3) -> None:
    one, other = (ObjectStore(*open_bucket(s3.url, owner), Form(owner)) for owner in ("one", "other"))
    one.write(TOKENS)
    assert other.read() is None
