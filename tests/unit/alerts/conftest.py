"""A state database of its own, a mail server on the loopback, some findings."""

import pytest
from aiosmtpd.controller import Controller

from pipelines.state.store import open_store
from tests.journey.small import small
from tests.journey.squid import free_port


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


class Post:
    """Takes mail; `answers` are given to the next ones instead of `250 OK`."""

    def __init__(self):
        self.mails = []
        self.answers = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def post():
    post = Post()
    post.port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    yield post
    controller.stop()


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return small(tmp_path_factory.getbasetemp())
