"""A Prometheus of a test's own, asked through its HTTP API."""

import requests

from tests.system.processes import Process, free_port


class Prometheus(Process):
    def __init__(self, program, configuration, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [program, f"--config.file={configuration}", f"--storage.tsdb.path={folder}",
                   f"--web.listen-address={self.url.removeprefix('http://')}"]  # fmt: skip
        super().__init__(command, folder / "log")

    def api(self, path, **parameters):
        """The data of an answer. Raises AssertionError with Prometheus' own words for what it refuses."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30).json()
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        return answer["data"]

    def query(self, expression):
        """The samples that an expression gives now: label sets, or [{}] for a scalar."""
        data = self.api("query", query=expression)
        return [each["metric"] for each in data["result"]] if data["resultType"] == "vector" else [{}]

    def is_up(self):
        try:
            return requests.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def targets(self):
        return self.api("targets", state="active")["activeTargets"]
