"""Counting within limits, and both forms of what was counted."""

import json
import os
from http import HTTPStatus

import pytest

from tradesim_metrics.web_requests import BOUNDS, Requests


def fill(requests, *rows):
    for method, route, status, error, seconds in rows:
        requests.begin(method)
        requests.end(method, route, status, error, seconds)


def test_the_report_has_what_was_counted():
    requests = Requests()
    fill(
        requests,
        ("GET", "/a", 200, "", 0.005),
        ("GET", "/a", 200, "", 0.0051),
        ("POST", "/a", 500, "ValueError", 11),
    )
    requests.begin("GET")
    report = requests.report()
    assert report["le"] == BOUNDS
    assert report["active"] == {"GET": 1, "POST": 0}
    first, second = report["requests"]
    assert first == {
        "method": "GET",
        "route": "/a",
        "status": 200,
        "counts": [1, 1] + [0] * 13,
        "sum": pytest.approx(0.0101),
    }
    assert second["error"] == "ValueError"
    assert second["counts"] == [0] * 14 + [1]
    json.dumps(report, allow_nan=False)


def test_sessions_and_changes_tell_reports_apart():
    one, other = Requests(), Requests()
    assert one.session != other.session
    assert one.changes == 0
    fill(one, ("GET", "/", 200, "", 1))
    assert one.changes == 2


def test_200_routes_are_told_apart():
    requests = Requests()
    fill(requests, *(("GET", f"/{index}", 200, "", 0) for index in range(250)))
    fill(requests, ("GET", "unmatched", 404, "", 0), ("GET", "/3", 200, "", 0))
    counts = {
        (row["route"], row["status"]): row["counts"][0] for row in requests.report()["requests"]
    }
    assert len(counts) == 202
    assert counts["other", 200] == 50
    assert counts["/3", 200] == 2
    assert counts["unmatched", 404] == 1


@pytest.mark.parametrize("route", ["", "/" + "x" * 128, "/\0", "/\ud800"])
def test_a_route_that_is_no_label_is_another(route):
    requests = Requests()
    fill(requests, ("GET", route, 200, "", 0))
    assert [row["route"] for row in requests.report()["requests"]] == ["other"]


def test_combinations_and_errors_are_limited():
    requests = Requests()
    for index in range(3000):
        row = ("GET", f"/{index % 150}", 100 + index % 500, f"E{index}", 0)
        fill(requests, row)
    rows = requests.report()["requests"]
    assert len(rows) <= 1000
    assert sum(row["counts"][0] for row in rows) == 3000
    assert len({row.get("error") for row in rows}) <= 52
    rest = [row for row in rows if row["method"] == "_OTHER"]
    assert {row["route"] for row in rest} == {"other"}
    assert {row["status"] for row in rest} == {100, 200, 300, 400, 500}


def test_a_code_that_there_is_not_is_an_error():
    requests = Requests()
    fill(requests, ("GET", "/", 999, "999", 0))
    assert requests.report()["requests"][0]["status"] == 500


def test_a_code_by_its_name_is_its_number():
    requests = Requests()
    fill(requests, ("GET", "/", HTTPStatus.CREATED, "", 0), ("GET", "/", 201, "", 0))
    assert 'http_response_status_code="201"' in requests.text()
    assert [type(row["status"]) for row in requests.report()["requests"]] == [int]


def test_the_text_is_what_prometheus_reads():
    requests = Requests()
    fill(requests, ("GET", '/"\\\n', 200, "", 0.3), ("GET", '/"\\\n', 200, "", 0.6))
    text = requests.text()
    labels = r'http_request_method="GET",http_route="/\"\\\n",http_response_status_code="200"'
    process = f'process_pid="{os.getpid()}"'
    labels += f",{process}"
    name = "http_server_request_duration_seconds"
    assert f'{name}_bucket{{{labels},le="0.25"}} 0\n' in text
    assert f'{name}_bucket{{{labels},le="0.5"}} 1\n' in text
    assert f'{name}_bucket{{{labels},le="1.0"}} 2\n' in text
    assert f'{name}_bucket{{{labels},le="+Inf"}} 2\n' in text
    assert f"{name}_sum{{{labels}}} {0.3 + 0.6!r}\n" in text
    assert f"{name}_count{{{labels}}} 2\n" in text
    assert f'http_server_active_requests{{http_request_method="GET",{process}}} 0\n' in text
    assert "error_type" not in text
