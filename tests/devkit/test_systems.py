# SPDX-License-Identifier: BSD-2-Clause
"""What a system does: the same on the development SDK and on the official one."""


def test_hello(sdk):
    assert sdk.said("hello") == ["hello: constructor ran, 42"]


def test_a_channel_that_is_not_there_is_refused(sdk):
    lines = sdk.boot("hello")
    assert "hello microkit_notify: invalid channel given '3'" in lines
    assert "hello microkit_irq_ack: invalid channel given '70'" in lines


def test_banner(devkit):
    assert devkit.boot("hello")[0] == "Quoll development kernel, not seL4: for testing only"


def test_release_says_nothing_else(devkit):
    lines = devkit.boot("hello", config="release", until="only\n")
    assert lines == ["Quoll development kernel, not seL4: for testing only"]


def test_priorities_and_coalescing(sdk):
    assert sdk.said("order") == [
        "high: init",
        "equal: init",
        "middle: init",
        "low: init",
        "middle: notified 2",
        "high: notified 0",
        "middle: notified high",
        "middle: notified equal",
        "middle: notified low",
        "equal: notified 1",
        "low: went on",
        "low: notified 0",
        "low: notified 3",
        "low: notified 5",
        "low: notified 61",
    ]


def test_equals_take_turns(sdk):
    assert sdk.said("turns") == ["one: equal shares", "one: in turn"]


def test_budget_limits_a_spinner(sdk):
    assert sdk.said("budget") == [
        "spinner: spins",
        "meter: has four fifths",
        "meter: is stopped once per period",
    ]


def test_interrupt_is_masked_until_acknowledged(sdk):
    assert sdk.said("irq") == [
        "driver: interrupts so far 1",
        "driver: interrupts so far 1",
        "driver: acknowledges while it is asserted",
        "driver: interrupts so far 2",
        "driver: interrupts so far 2",
        "driver: acknowledges after it is quiet",
        "driver: interrupts so far 2",
        "driver: sets the timer again",
        "driver: interrupts so far 3",
    ]


def test_call_of_64_words(sdk):
    assert sdk.said("call") == [
        "server: called on 9",
        "server: label 164",
        "server: words 64",
        "client: answer's label 165",
        "client: answer's words 64",
        "client: right 64",
        "server: called on 9",
        "server: label 100",
        "server: words 0",
        "client: answer's label 101",
        "client: answer's words 0",
        "client: right 0",
        "server: notified 9",
        "server: called on 8",
        "server: label 103",
        "server: words 3",
        "other: answer's label 104",
        "other: answer's words 3",
        "other: right 3",
    ]


def test_one_slot_for_what_is_deferred(sdk):
    assert sdk.said("deferred") == [
        "sender: has deferred 1",
        "sender: slot taken 1",
        "receiver: notified 1",
        "sender: notified 1",
        "sender: slot taken 0",
        "sender: has deferred 2 and 3",
        "receiver: notified 3",
    ]
