"""The outbox: nothing is lost, nothing comes twice but after a crash."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from pipelines.alerts import outbox
from pipelines.alerts.message import Message
from pipelines.alerts.outbox import MAX_ATTEMPTS, PATIENT, enqueue
from pipelines.errors import DeliveryError
from pipelines.state.alert_records import GIVEN_UP, SENDING, SENT, WAITING
from pipelines.state.tables import OUTBOX

NEWS = Message("digest-1", "1 item", "One item waits.\n", "digest")


AT_ONCE = PATIENT.copy(sleep=lambda _seconds: None)


def deliver_waiting(store, channel, deliver):
    """As it is, but no one waits between two tries."""
    return outbox.deliver_waiting(store, channel, deliver, AT_ONCE)


class KilledError(BaseException):
    """Stands for the process being gone."""


def states(store):
    with store.reading() as connection:
        rows = connection.execute(select(OUTBOX))
        return {row.channel: row.state for row in rows}


def refuses(message, *, retryable):
    def deliver(_message):
        raise DeliveryError(message, retryable=retryable)

    return deliver


def test_a_message_is_sent_once_through_each_channel(store):
    sent = []
    assert enqueue(store, NEWS, ["file", "mail"]) == 2
    assert enqueue(store, NEWS, ["file", "mail"]) == 0
    for channel in ("file", "mail", "file", "mail"):
        deliver_waiting(store, channel, sent.append)
    assert sent == [NEWS, NEWS]
    assert enqueue(store, NEWS, ["file", "mail"]) == 0
    assert states(store) == {"file": SENT, "mail": SENT}


def test_a_channel_that_fails_holds_up_no_other(store):
    sent = []
    enqueue(store, NEWS, ["file", "mail"])
    failed = deliver_waiting(store, "mail", refuses("busy", retryable=True))
    assert (failed.sent, failed.failed, failed.given_up) == (0, 1, 0)
    deliver_waiting(store, "file", sent.append)
    assert states(store) == {"file": SENT, "mail": WAITING}
    assert deliver_waiting(store, "mail", sent.append).sent == 1
    assert sent == [NEWS, NEWS]


def test_what_can_not_be_mended_by_waiting_is_given_up(store):
    enqueue(store, NEWS, ["mail"])
    assert deliver_waiting(store, "mail", refuses("no", retryable=False)).given_up == 1
    assert states(store) == {"mail": GIVEN_UP}
    assert deliver_waiting(store, "mail", pytest.fail).sent == 0


def test_trying_has_an_end(store):
    enqueue(store, NEWS, ["mail"])
    deliver = refuses("busy", retryable=True)
    tries = [deliver_waiting(store, "mail", deliver) for _ in range(MAX_ATTEMPTS + 3)]
    assert sum(one.failed for one in tries) == MAX_ATTEMPTS
    assert states(store) == {"mail": GIVEN_UP}


def test_a_short_trouble_is_waited_out_within_a_run(store):
    tries, pauses = [], []

    def deliver(message):
        tries.append(message)
        if len(tries) < 3:
            raise DeliveryError("busy", retryable=True)

    enqueue(store, NEWS, ["mail"])
    patient = PATIENT.copy(sleep=pauses.append)
    assert outbox.deliver_waiting(store, "mail", deliver, patient).sent == 1
    assert len(tries) == 3
    assert len(pauses) == 2


def test_a_lasting_mistake_is_tried_once(store):
    tries = []

    def deliver(message):
        tries.append(message)
        raise DeliveryError("no", retryable=False)

    enqueue(store, NEWS, ["mail"])
    deliver_waiting(store, "mail", deliver)
    assert len(tries) == 1


def test_a_receiver_that_is_away_is_not_waited_for_again(store):
    tries = []

    def deliver(message):
        tries.append(message)
        raise DeliveryError("busy", retryable=True)

    for number in range(5):
        more = Message(f"digest-{number}", "1 item", "One.\n", "digest")
        enqueue(store, more, ["mail"])
    assert deliver_waiting(store, "mail", deliver).failed == 5
    assert len(tries) == 3 + 4


def test_killed_before_sending_nothing_is_lost(store):
    def killed(_message):
        raise KilledError

    enqueue(store, NEWS, ["mail"])
    with pytest.raises(KilledError):
        deliver_waiting(store, "mail", killed)
    assert states(store) == {"mail": SENDING}
    sent = []
    deliver_waiting(store, "mail", sent.append)
    assert sent == [replace(NEWS, may_repeat=True)]  # no one knows that it is none


def test_killed_after_sending_the_same_message_comes_again(store):
    sent = []

    def killed(message):
        sent.append(message)
        raise KilledError

    enqueue(store, NEWS, ["mail"])
    with pytest.raises(KilledError):
        deliver_waiting(store, "mail", killed)
    deliver_waiting(store, "mail", sent.append)
    deliver_waiting(store, "mail", sent.append)
    assert sent == [NEWS, replace(NEWS, may_repeat=True)]


def test_a_receiver_that_did_not_answer_is_told_of_a_repeat_and_no_other_is(store):
    tries = []

    def deliver(message):
        tries.append(message)
        unsure = len(tries) == 2  # the first is refused, the second not answered
        raise DeliveryError("?", retryable=True, may_have_arrived=unsure)

    enqueue(store, NEWS, ["mail"])
    deliver_waiting(store, "mail", deliver)
    assert [one.may_repeat for one in tries] == [False, False, True]
    assert states(store) == {"mail": SENDING}
    sent = []
    deliver_waiting(store, "mail", sent.append)
    assert sent[0].may_repeat  # in the next run too


def test_oldest_first(store):
    sent = []
    second = Message("digest-2", "later", "later\n", "digest")
    enqueue(store, NEWS, ["mail"])
    enqueue(store, second, ["mail"])
    deliver_waiting(store, "mail", sent.append)
    assert sent == [NEWS, second]
