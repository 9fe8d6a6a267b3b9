"""The Helm chart renders the same Kubernetes objects as the kustomization, and its values apply."""

import hashlib
import json
import re
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy/helm/kosh"
KUSTOMIZATION = ROOT / "deploy/kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
Objects = dict[tuple[str, str], dict[str, Any]]
# The chart's copies of the two objects that the migration job needs. Helm runs this job before it
# creates the other objects.
COPIES = {("ServiceAccount", "kosh-migrate"), ("ConfigMap", "kosh-migrate")}


def _rendered(values: dict[str, Any]) -> Objects:
    """Render the chart's templates with these values, without Helm; return the objects.

    The chart has no conditions and no loops. This renderer supports only the functions that the
    chart uses, and raises AssertionError for others.
    """
    texts = [path.read_text("utf-8") for path in sorted((CHART / "templates").glob("*.yaml"))]
    return _by_name(
        re.sub(r"\{\{-? (.+?) \}\}", lambda each: _value(each[1], values), text) for text in texts
    )


def _value(expression: str, values: dict[str, Any]) -> str:
    path, *functions = expression.split(" | ")
    found: Any = values
    for name in path.removeprefix(".Values.").split("."):
        found = found[name]
    for function in functions:
        match function.split():
            case ["toYaml"]:
                found = yaml.safe_dump(found).rstrip("\n")
            case ["nindent", spaces]:
                found = "".join(f"\n{' ' * int(spaces)}{line}" for line in found.splitlines())
            case ["toJson"]:
                found = json.dumps(found, sort_keys=True, separators=(",", ":"))
            case ["sha256sum"]:
                found = hashlib.sha256(found.encode()).hexdigest()
            case _:
                raise AssertionError(function)
    return str(found)


def _by_name(texts: Any) -> Objects:
    found = [each for text in texts for each in yaml.safe_load_all(text) if each]
    objects = {(each["kind"], each["metadata"]["name"]): each for each in found}
    assert len(objects) == len(found)
    return objects


def _kustomized() -> Objects:
    """Build the kustomization without kubectl; return the objects.

    Labels, image and settings are set as kubectl would set them, but not the namespace.
    """
    config = yaml.safe_load((KUSTOMIZATION / "kustomization.yaml").read_text("utf-8"))
    [image], [labels], [settings] = config["images"], config["labels"], config["configMapGenerator"]
    texts = [(KUSTOMIZATION / name).read_text("utf-8") for name in config["resources"]]
    tagged = f"image: {image['newName']}:{image['newTag']}"
    objects = _by_name(re.sub(r"image: kosh$", tagged, text, flags=re.M) for text in texts)
    data = dict(each.split("=", 1) for each in settings["literals"])
    objects["ConfigMap", "kosh"] = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kosh"}, "data": data,
    }  # fmt: skip
    for each in objects.values():
        for metadata in _labelled(each):
            metadata["labels"] = labels["pairs"] | metadata.get("labels", {})
    return objects


def _labelled(each: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metadata of an object, of the job that it creates, if any, and of its pods."""
    found, spec = [each["metadata"]], each.get("spec", {})
    if "jobTemplate" in spec:
        found.append(spec["jobTemplate"].setdefault("metadata", {}))
        spec = spec["jobTemplate"]["spec"]
    return [*found, spec["template"]["metadata"]] if "template" in spec else found


def _plain(objects: Objects) -> Objects:
    """Return the chart's objects without the parts that only Helm needs.

    These parts are annotations for hooks and checksums, and the objects in COPIES.
    """
    plain = deepcopy({key: each for key, each in objects.items() if key not in COPIES})
    for each in plain.values():
        for metadata in _labelled(each):
            annotations = metadata.pop("annotations", {})
            kept = {
                name: text
                for name, text in annotations.items()
                if not name.startswith(("helm.sh/", "checksum/"))
            }
            metadata.update({"annotations": kept} if kept else {})
    pod = plain["Job", "migrate"]["spec"]["template"]["spec"]
    pod["serviceAccountName"] = pod["serviceAccountName"].removesuffix("-migrate")
    reference = pod["containers"][0]["envFrom"][0]["configMapRef"]
    reference["name"] = reference["name"].removesuffix("-migrate")
    return plain


def test_helm_chart_has_the_same_objects_as_the_kustomization() -> None:
    chart, kustomized = _plain(_rendered(VALUES)), _kustomized()
    assert chart.keys() == kustomized.keys()
    for key, each in kustomized.items():
        assert chart[key] == each, key


def test_helm_chart_objects_are_valid() -> None:
    for each in _rendered(VALUES).values():
        kubernetes_validate.validate(each, "1.37", strict=True)


def test_helm_migration_runs_before_the_other_objects() -> None:
    objects = _rendered(VALUES)
    hooks = {key: _hooks(each) for key, each in objects.items() if "helm.sh/hook" in _hooks(each)}
    assert hooks.keys() == COPIES | {("Job", "migrate")}
    for annotations in hooks.values():
        assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation"
    weights = {
        key: int(annotations.get("helm.sh/hook-weight", "0")) for key, annotations in hooks.items()
    }
    assert all(weights[each] < weights["Job", "migrate"] for each in COPIES)
    for kind, name in COPIES:
        copy, original = objects[kind, name], objects[kind, "kosh"]
        assert copy.get("data") == original.get("data")
        assert copy.get("automountServiceAccountToken") == original.get(
            "automountServiceAccountToken"
        )


def _hooks(each: dict[str, Any]) -> dict[str, str]:
    annotations: dict[str, str] = each["metadata"].get("annotations", {})
    return annotations


def test_helm_uninstall_keeps_backups_and_erasure_journal() -> None:
    claims = {
        key[1]: _hooks(each)
        for key, each in _rendered(VALUES).items()
        if key[0] == "PersistentVolumeClaim"
    }
    assert claims.keys() == {"backups", "erased"}
    assert all(annotations["helm.sh/resource-policy"] == "keep" for annotations in claims.values())


def test_helm_values_appear_in_the_rendered_objects() -> None:
    values = deepcopy(VALUES)
    values["host"], values["image"]["tag"] = "chat.example", "2027.1.0"
    values["web"]["minReplicas"] = 3
    objects = _rendered(values)
    assert objects["ConfigMap", "kosh"]["data"]["KOSH_PUBLIC_URL"] == "https://chat.example"
    assert objects["Ingress", "webhooks"]["spec"]["tls"][0]["hosts"] == ["chat.example"]
    assert objects["HorizontalPodAutoscaler", "web"]["spec"]["minReplicas"] == 3
    images = set(re.findall(r"'image': '([^']+)'", str(objects)))
    assert images == {"registry.example/kosh:2027.1.0"}


@pytest.mark.parametrize(
    "changed",
    [{"host": "chat.example"}, {"settings": VALUES["settings"] | {"KOSH_LOG_LEVEL": "debug"}}],
    ids=["host", "settings"],
)
def test_helm_pods_restart_when_a_setting_changes(changed: dict[str, Any]) -> None:
    """A changed setting must change the pods' template: only then does Kubernetes restart pods."""
    before, after = _rendered(VALUES), _rendered(VALUES | changed)
    assert before["ConfigMap", "kosh"] != after["ConfigMap", "kosh"]
    for name in ("web", "webhooks", "work"):
        one, other = (each["Deployment", name]["spec"]["template"] for each in (before, after))
        assert one != other, name


def test_helm_schema_accepts_only_known_values() -> None:
    Draft7Validator.check_schema(SCHEMA)
    schema = Draft7Validator(SCHEMA)
    assert list(schema.iter_errors(VALUES)) == []
    for wrong in (
        {"hosts": "chat.example"}, {"host": "https://chat.example"}, {"host": ""},
        {"settings": {"KOSH_METRICS_PORT": 9464}}, {"settings": {"KOSH_PUBLIC_URL": "x"}},
        {"web": VALUES["web"] | {"minReplicas": 0}}, {"web": {"minReplicas": 2}},
        {"erased": VALUES["erased"] | {"accessModes": ["ReadWriteOnce"]}},
        {"work": VALUES["work"] | {"resources": {"requests": {}, "limits": {}}}},
    ):  # fmt: skip
        assert list(schema.iter_errors(VALUES | wrong)), wrong


def test_helm_chart_and_kustomization_have_the_same_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    config = yaml.safe_load((KUSTOMIZATION / "kustomization.yaml").read_text("utf-8"))
    versions = {chart["version"], chart["appVersion"], VALUES["image"]["tag"]}
    assert versions == {config["images"][0]["newTag"]}


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl here")
def test_kustomization_builds_the_same_objects_with_kubectl() -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", KUSTOMIZATION], check=True, capture_output=True, encoding="utf-8"
    )
    # kubectl adds the namespace to objects, and a hash to the name of the settings' ConfigMap.
    text = re.sub(r"^ +namespace: kosh\n", "", done.stdout, flags=re.M)
    built = _by_name([re.sub(r"name: kosh-[a-z0-9]{10}$", "name: kosh", text, flags=re.M)])
    assert built == _kustomized()


def test_helm_renders_the_chart_exactly_as_the_tests_own_renderer() -> None:
    helm: Any = pytest.importorskip("helm_python", reason="no helm-python-sdk here")
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema({})
        files = chart.render({}, name="kosh", namespace="kosh")
    assert _by_name(files.values()) == _rendered(VALUES)
