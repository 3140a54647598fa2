"""func.py ALL.yaml FUNC.yaml FOLDER: write FOLDER/NAME/func.yaml and image for each function."""

import copy
import sys
from pathlib import Path

import yaml

from rendered import SERVING, Document, container, name, of_kind, read


def main() -> None:
    documents, folder = read(sys.argv[1]), Path(sys.argv[3])
    [template] = read(sys.argv[2])
    for service in of_kind(documents, SERVING, "Service"):
        place = folder / name(service)
        place.mkdir(parents=True, exist_ok=True)
        (place / "func.yaml").write_text(
            yaml.safe_dump(derived(template, service), sort_keys=False)
        )
        (place / "image").write_text(container(service)["image"])
    print(f"wrote a func.yaml for each function into {folder}")


def derived(template: Document, service: Document) -> Document:
    """Return the root func.yaml, which describes upload, adapted to another function."""
    function = copy.deepcopy(template)
    function.update(
        name=name(service),
        namespace=service["metadata"]["namespace"],
        image=container(service)["image"],
    )
    function["run"] = {"envs": envs(container(service)), "volumes": volumes(service)}
    options = function["deploy"]["options"]
    options["scale"]["max"] = int(annotation(service, "max-scale"))
    options["resources"] = {
        "requests": container(service)["resources"]["requests"],
        "limits": {
            **container(service)["resources"]["limits"],
            "concurrency": options["resources"]["limits"]["concurrency"],
        },
    }
    if labels := service["metadata"].get("labels"):
        function["deploy"]["labels"] = [
            {"key": key, "value": value} for key, value in labels.items()
        ]
    return function


def annotation(service: Document, key: str) -> str:
    """Return an autoscaling annotation of a Knative Service."""
    return str(
        service["spec"]["template"]["metadata"]["annotations"][f"autoscaling.knative.dev/{key}"]
    )


def envs(part: Document) -> list[Document]:
    """Return the variables in func's notation for values, Secrets and ConfigMaps."""
    said = []
    for variable in part["env"]:
        if secret := variable.get("valueFrom", {}).get("secretKeyRef"):
            said.append(
                {
                    "name": variable["name"],
                    "value": f"{{{{ secret:{secret['name']}:{secret['key']} }}}}",
                }
            )
        else:
            said.append({"name": variable["name"], "value": variable["value"]})
    for source in part["envFrom"]:
        kind, reference = next(iter(source.items()))
        said.append({"value": f"{{{{ {kind.removesuffix('Ref')}:{reference['name']} }}}}"})
    return said


def volumes(service: Document) -> list[Document]:
    """Return each volume with its mount path."""
    paths = {mount["name"]: mount["mountPath"] for mount in container(service)["volumeMounts"]}
    return [
        {
            **{key: value for key, value in volume.items() if key != "name"},
            "path": paths[volume["name"]],
        }
        for volume in service["spec"]["template"]["spec"]["volumes"]
    ]


if __name__ == "__main__":
    main()
