"""document.py ALL.yaml NAME: print one Knative Service, because kn reads only the first document of a file."""

import sys
from pathlib import Path

for document in Path(sys.argv[1]).read_text().split("\n---\n"):
    lines = document.splitlines()
    if "apiVersion: serving.knative.dev/v1" in lines and f"  name: {sys.argv[2]}" in lines:
        print(document)
        sys.exit(0)
sys.exit(f"there is no Knative Service {sys.argv[2]} in {sys.argv[1]}")
