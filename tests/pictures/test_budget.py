"""Test the budget of bytes: never exceeded, bounded waits, room for small and middle ones."""

import threading
import time

import pytest

from circles_pictures.budget import BUDGET_BYTES, RESERVE_BYTES, Budget
from circles_pictures.errors import Overloaded, TooLarge
from circles_pictures.limits import MAX_DECODING_BYTES, MAX_PICTURE_BYTES


def budget(wait_s=30.0):
    """
    Return one of 100 bytes.

    Small is up to 10, or 8 of a body, for which 20 are reserved; giant is over 50.
    """
    return Budget(100, reserve_bytes=20, large_body_bytes=8, wait_s=wait_s)


def start(work, *sizes):
    threads = [threading.Thread(target=work, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    return threads


def test_never_exceeded():
    shared, lock, inside, most, served = budget(), threading.Lock(), [0], [0], []

    def work(size):
        try:
            with shared.hold(size):
                with lock:
                    inside[0] += size
                    most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                with lock:
                    inside[0] -= size
        except Overloaded:
            pass
        served.append(size)

    for thread in start(work, *[3, 80, 1, 40, 5, 60, 30, 2] * 10):
        thread.join(30)

    assert most[0] <= 100
    assert len(served) == 80 and shared.held_bytes == 0


def wait_until_waiting(shared, count):
    deadline = time.monotonic() + 30
    while sum(map(len, shared._waiting.values())) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("held", "waiting"),
    [(60, [70, 55]), (30, [60, 40])],
    ids=["giants keep their order", "middle ones let a waiting giant through"],
)
def test_waiting_ones_are_served_in_order(held, waiting):
    shared, served, threads = budget(), [], []

    def work(size):
        with shared.hold(size):
            served.append(size)

    with shared.hold(held):
        for count, size in enumerate(waiting, 1):
            threads += start(work, size)
            wait_until_waiting(shared, count)
    for thread in threads:
        thread.join(30)

    assert served == waiting


def test_others_pass_a_giant_that_waits_for_one():
    shared, done = budget(), threading.Event()

    def work(size):
        with shared.hold(size):
            done.set()

    with shared.hold(60):
        threads = start(work, 70)
        wait_until_waiting(shared, 1)
        with shared.hold(10), shared.hold(10), shared.hold(15):
            assert not done.is_set()
    for thread in threads:
        thread.join(30)

    assert done.is_set()


def test_giant_that_shrinks_makes_room():
    shared, arrived = budget(), threading.Event()
    giant = shared.claim(80, lambda: None)
    middle = shared.claim(40, arrived.set)

    assert not arrived.is_set()
    shared.shrink(giant, 30)
    assert arrived.is_set()
    shared.release(giant)
    shared.release(middle)
    assert shared.held_bytes == 0


def test_wait_ends():
    shared = budget(wait_s=0.05)
    with shared.hold(80), pytest.raises(Overloaded), shared.hold(15):
        pass

    assert shared.held_bytes == 0
    with shared.hold(80):
        pass


def test_too_much_that_waits_is_refused_at_once():
    shared = budget()
    with shared.hold(80):
        threads = start(lambda size: hold(shared, size), 60, 60)
        wait_until_waiting(shared, 2)
        with pytest.raises(Overloaded), shared.hold(60):
            pass
    for thread in threads:
        thread.join(30)


def hold(shared, size):
    with shared.hold(size):
        pass


def test_large_bodies_leave_the_reserve_to_small_ones():
    shared = budget(wait_s=0.05)
    bodies = [shared.claim(9, lambda: None, is_body=True) for _ in range(8)]

    assert all(body.granted for body in bodies)
    with pytest.raises(Overloaded), shared.hold(9, is_body=True):
        pass
    with shared.hold(10), shared.hold(10):
        pass
    for body in bodies:
        shared.release(body)
    assert shared.held_bytes == 0


def test_growing_body_leaves_the_reserve():
    shared = budget(wait_s=0.05)
    with shared.hold(70):
        body = shared.claim(0, lambda: None, is_body=True)
        assert shared.grow(body, 5) and shared.grow(body, 5)
        assert not shared.grow(body, 5)
        with shared.hold(10), shared.hold(10):
            pass
        shared.release(body)
    assert shared.held_bytes == 0


def test_wait_is_the_caller_s_if_shorter():
    shared = budget(wait_s=30.0)
    assert [shared.limit_wait(wait_s) for wait_s in (None, 60.0, 2.0, -1.0)] == [30, 30, 2, 0]
    with shared.hold(80), pytest.raises(Overloaded), shared.hold(15, wait_s=0.0):
        pass
    with shared.hold(80, wait_s=0.0):  # what is free is not waited for
        pass


def test_what_never_fits_is_too_large():
    with pytest.raises(TooLarge), budget().hold(81):
        pass


def test_bytes_come_back_after_an_error():
    shared = budget()
    for _ in range(3):
        with pytest.raises(RuntimeError), shared.hold(80):
            raise RuntimeError

    assert shared.held_bytes == 0


def test_claim_grows_and_shrinks():
    shared = budget()
    claim = shared.claim(0, lambda: None, is_body=True)

    assert shared.grow(claim, 70) and not shared.grow(claim, 20)
    shared.shrink(claim, 10)
    assert shared.grow(claim, 20)
    shared.release(claim)
    assert shared.held_bytes == 0


def test_costliest_picture_fits_beside_its_own_bytes():
    assert MAX_DECODING_BYTES + MAX_PICTURE_BYTES <= BUDGET_BYTES - RESERVE_BYTES
