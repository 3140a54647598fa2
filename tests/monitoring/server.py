"""Run a Prometheus for a test, and read its HTTP API."""

import requests

from tests.system.processes import Process, free_port


class Prometheus(Process):
    def __init__(self, program, configuration, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [
            program,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        super().__init__(command, folder / "log")

    def api(self, path, **parameters):
        """Return the data of a response. Raises AssertionError with the error of Prometheus."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30).json()
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        return answer["data"]

    def query(self, expression):
        """Return the label sets that an expression has now, or [{}] for a scalar."""
        data = self.api("query", query=expression)
        is_vector = data["resultType"] == "vector"
        return [each["metric"] for each in data["result"]] if is_vector else [{}]

    def is_up(self):
        try:
            return requests.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def targets(self):
        return self.api("targets", state="active")["activeTargets"]
