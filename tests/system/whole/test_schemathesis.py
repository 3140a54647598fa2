"""Test the contract with deterministic schemathesis requests through the gateway."""

from tests.system.contract import find_violations


def test_schemathesis_finds_no_contract_violation(run, coins):
    statuses = find_violations(run, coins, {}, max_examples=15)

    assert len(statuses) > 100
    assert {200, 400, 404, 405} <= set(statuses)  # all kinds of answers were reached
    assert [status for status in statuses if status >= 500] == []
