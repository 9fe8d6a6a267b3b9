"""Deployment files are valid by their tools' schemas and match Kosh's settings and commands."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import typer
import yaml

from bot.channels.whatsapp.client import META, META_FILES
from bot.cli import assembled
from bot.config.settings import Settings
from bot.config.sources import PREFIX
from bot.notifications import web_push

ROOT = Path(__file__).parents[1]
KUBERNETES = sorted(
    path for path in (ROOT / "deploy/kubernetes").glob("*.yaml") if path.stem != "kustomization"
)
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
TIMERS = sorted((ROOT / "deploy/systemd").glob("*.timer"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
# Names after KOSH_ that are no settings of Kosh: variables of Docker Compose, the Caddyfile, the
# image and the search for settings files.
AROUND = {"SECRETS_DIR", "SETTINGS", "VERSION", "COMMIT", "DOMAIN", "UPSTREAM", "WEBHOOKS_UPSTREAM"}
AROUND |= {f"{role}_PASSWORD" for role in ("OWNER", "APP", "RETENTION", "CONSOLE")}


# Suffixes of the names of settings that contain another server's URL or host.
CALLED = ("_url", "_issuer", "smtp_host", "clamd")


def _documents() -> Iterator[dict[str, Any]]:
    for path in KUBERNETES:
        yield from yaml.safe_load_all(path.read_text("utf-8"))


def _templates() -> Iterator[tuple[str, dict[str, Any]]]:
    for each in _documents():
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {"spec": spec})["spec"]
        if "template" in spec:
            yield each["metadata"]["name"], spec["template"]


def _pods() -> Iterator[dict[str, Any]]:
    for _name, template in _templates():
        yield template["spec"]


def test_kubernetes_manifests_are_valid() -> None:
    for each in _documents():
        kubernetes_validate.validate(each, "1.37", strict=True)


def test_kubernetes_upgrade_migrates_before_it_replaces_a_deployment() -> None:
    names = {
        each["metadata"]["labels"]["app.kubernetes.io/component"]
        for each in _documents()
        if each["kind"] == "Deployment"
    }
    for page in ("docs/how-to/upgrade.md", "deploy/kubernetes/migrate.yaml"):
        [left_out] = re.findall(r"component notin \(([a-z,]+)\)", (ROOT / page).read_text("utf-8"))
        assert set(left_out.split(",")) == names


def test_backup_page_lists_every_file_with_settings_or_secrets() -> None:
    """Check that a machine can be set up again from the copies that the page names."""
    page = (ROOT / "docs/how-to/backup-and-restore.md").read_text("utf-8")
    table = page.partition("## What to copy")[2].partition("## Restore")[0]
    for name in (
        *("settings.env", "owner.env", ".env", "kosh.env", "secrets/", "KOSH_PUSH_PRIVATE_KEY"),
        *("`kosh`", "`kosh-owner`", "KOSH_REGISTRY_CLIENT_CERTIFICATE"),
    ):
        assert name in table, name
    assert "settings" in page.partition("## Restore")[2].partition("3. ")[0]


def test_pages_for_systemd_name_the_polling_process_beside_the_others() -> None:
    """Check commands that stop or restart all processes, and the ports of the metrics."""
    for name in ("backup-and-restore", "rotate-keys", "runbooks"):
        page = (ROOT / f"docs/how-to/{name}.md").read_text("utf-8")
        lines = [line for line in page.splitlines() if "kosh-web@*' 'kosh-webhooks@*'" in line]
        assert lines, name
        assert all("kosh-poll" in line for line in lines), name
    unit = (ROOT / "deploy/systemd/kosh-poll.service").read_text("utf-8")
    [port] = re.findall(r"^Environment=KOSH_METRICS_PORT=(\d+)$", unit, re.M)
    assert f"`{port}`" in (ROOT / "docs/how-to/systemd.md").read_text("utf-8")


def test_upgrade_page_waits_for_the_metrics_port_of_each_restarted_unit() -> None:
    """Check that the wait is not answered by another process, which shares the port of the pages.

    Otherwise the second process is restarted while the first one still starts.
    """
    page = (ROOT / "docs/how-to/upgrade.md").read_text("utf-8")
    [block] = [each for each in page.split("```") if "systemctl restart" in each]
    units = dict(re.findall(r"(kosh-[a-z]+@)\d:(94\d)\d", block))
    for name in ("web", "webhooks", "work"):
        unit = (ROOT / f"deploy/systemd/kosh-{name}@.service").read_text("utf-8")
        [port] = re.findall(r"^Environment=KOSH_METRICS_PORT=(\d+)%i$", unit, re.M)
        assert units[f"kosh-{name}@"] == port
    assert "127.0.0.1:${each#*:}/health" in block


def test_compose_commands_have_no_password_in_their_arguments() -> None:
    for path in (ROOT / "docs/how-to").glob("*.md"):
        assert not re.search(r"--env=KOSH_\w+_URL=|OWNER=", path.read_text("utf-8")), path.name


def test_kubernetes_commands_delete_a_job_before_they_create_it() -> None:
    """Check that no second restore ends at once as complete, because the first job still exists."""
    folder = ROOT / "deploy"
    for path in (
        ROOT / "docs/how-to/backup-and-restore.md",
        folder / "kubernetes/backup.yaml",
        folder / "helm/kosh/templates/backup.yaml",
    ):
        text = path.read_text("utf-8")
        created = re.findall(r"create job ([\w-]+)", text)
        assert created
        for name in created:
            deleted = text.find(f"delete job {name} --ignore-not-found")
            assert 0 <= deleted < text.find(f"create job {name}"), (path.name, name)


def test_kubernetes_restore_commands_stop_after_the_first_that_fails() -> None:
    page = (ROOT / "docs/how-to/backup-and-restore.md").read_text("utf-8")
    [block] = [each for each in page.split("```") if "delete job restore" in each]
    commands = block.partition("delete job restore")[2].strip().splitlines()
    assert all(line.endswith(("&&", "\\")) for line in commands[:-1]), commands


def test_kustomization_lists_every_file() -> None:
    text = (ROOT / "deploy/kubernetes/kustomization.yaml").read_text("utf-8")
    assert set(yaml.safe_load(text)["resources"]) == {path.name for path in KUBERNETES}


def test_kubernetes_network_policies_select_their_pods() -> None:
    """Check labels, because a policy whose selector matches no pod would have no effect."""
    text = (ROOT / "deploy/kubernetes/kustomization.yaml").read_text("utf-8")
    pod_labels: dict[str, str] = {}
    for each in yaml.safe_load(text)["labels"]:
        pod_labels |= each["pairs"] if each.get("includeTemplates") else {}
    pods = {name: pod_labels | template["metadata"]["labels"] for name, template in _templates()}
    reached = {
        each["metadata"]["name"]: {
            name for name, labels in pods.items() if _selects(each["spec"]["podSelector"], labels)
        }
        for each in _documents()
        if each["kind"] == "NetworkPolicy"
    }
    everybody = {"web", "webhooks", "work", "migrate", "backup"}
    assert reached.pop("ingress-to-web") == {"web", "webhooks"}
    assert set(map(frozenset, reached.values())) == {frozenset(everybody)}


@pytest.mark.requirement("S-90")
def test_kubernetes_docs_list_every_external_host_that_pods_call() -> None:
    """Operators enter the listed hosts in an egress gateway, which blocks all others."""
    page = (ROOT / "docs/how-to/kubernetes.md").read_text("utf-8")
    limits = page.partition("## Limits of the network policies")[2]
    table = "\n".join(line for line in limits.splitlines() if line.startswith("|"))
    fields = Settings.model_fields
    fixed = {urlsplit(fields[each].default).hostname for each in ("telegram_api", "whatsapp_api")}
    named = set(re.findall(r"`([a-z0-9.-]+\.[a-z]+)`", table))
    assert named == fixed | {META, META_FILES} | set(web_push.HOSTS)
    chosen = {name for name in fields if name.endswith(CALLED)} - {"public_url", "metrics_host"}
    stores = {name for name in chosen if name.startswith(("database_", "redis_"))}
    assert set(re.findall(rf"`{PREFIX}([A-Z_]+)`", table)) - {"SMTP_PORT"} == {
        name.upper() for name in chosen - stores
    }
    assert "[webhooks](call-the-api.md#" in table, "other systems choose these hosts"
    (out,) = (each["spec"]["egress"] for each in _documents() if each["metadata"]["name"] == "out")
    ports = {port["port"] for rule in out for port in rule["ports"]}
    assert {443, fields["smtp_port"].default} <= ports
    # Sentinels are optional, as another port of the mail server.
    assert 26379 in ports or "add 26379 to the policy `out`" in page


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    listed = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in listed)
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in listed
    )


def test_deployment_files_route_webhooks_to_a_separate_process() -> None:
    """Check Caddy, Compose, Kubernetes and systemd: many chat requests must not delay webhooks."""
    caddy = (ROOT / "deploy/caddy/Caddyfile").read_text("utf-8")
    assert "@platforms path /webhooks/* /callbacks/*" in caddy
    assert COMPOSE["services"]["webhooks"]["command"] == ["webhooks"]
    proxy = COMPOSE["services"]["proxy"]
    assert proxy["environment"]["KOSH_WEBHOOKS_UPSTREAM"] == "webhooks:8080"
    routed = {
        path["path"]: path["backend"]["service"]["name"]
        for each in _documents()
        if each["kind"] == "Ingress"
        for rule in each["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert routed == {"/": "web", "/webhooks/": "webhooks", "/callbacks/": "webhooks"}
    [unit] = [path.read_text("utf-8") for path in UNITS if path.stem == "kosh-webhooks@"]
    assert "-m bot webhooks --port 8081" in unit


def test_proxy_disconnects_slow_clients() -> None:
    caddy = (ROOT / "deploy/caddy/Caddyfile").read_text("utf-8")
    for limit in ("read_header 10s", "read_body 150s", "idle 2m", "max_header_size 16KB"):
        assert limit in caddy
    # A write timeout would cut the event streams of the chat and the console.
    assert not re.search(r"^\s*write ", caddy, re.MULTILINE)


def test_kubernetes_pods_have_minimal_privileges() -> None:
    for pod in _pods():
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for container in pod["containers"] + pod.get("initContainers", []):
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"]
            assert not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_kubernetes_deployments_have_autoscaler_and_disruption_budget() -> None:
    kinds: dict[str, set[str]] = {}
    for each in _documents():
        kinds.setdefault(each["kind"], set()).add(each["metadata"]["name"])
    serving = {"web", "webhooks", "work"}
    assert kinds["Deployment"] == serving
    assert kinds["HorizontalPodAutoscaler"] == kinds["PodDisruptionBudget"] == serving
    assert (kinds["Job"], kinds["CronJob"]) == ({"migrate"}, {"backup"})
    # The field `replicas` would reset the autoscaler's number of pods at each `kubectl apply`.
    assert not [each for each in _documents() if "replicas" in each.get("spec", {})]


def test_compose_file_is_valid() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, "compose.yaml"], cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


def test_compose_databases_are_reachable_only_by_the_application() -> None:
    services, stores = COMPOSE["services"], {"postgres", "valkey"}
    inside = {name for name, each in services.items() if "inside" in each["networks"]}
    assert inside == stores | {name for name, each in services.items() if each["image"] == "kosh"}
    assert all(services[store]["networks"] == ["inside"] for store in stores)
    assert COMPOSE["networks"]["inside"]["internal"]


def test_compose_publishes_only_the_proxy_ports() -> None:
    ports = {name: each["ports"] for name, each in COMPOSE["services"].items() if "ports" in each}
    assert ports.pop("proxy") == ["80:80", "443:443", "443:443/udp"]
    assert all(port.startswith("127.0.0.1:") for each in ports.values() for port in each)
    for name in ("web", "webhooks", "work", "migrate", "proxy"):
        assert COMPOSE["services"][name]["read_only"]
        assert COMPOSE["services"][name]["cap_drop"] == ["ALL"]


def test_deployment_trusts_the_client_address_that_the_proxy_forwards() -> None:
    """Without this setting, all clients share the proxy's address, and thus its rate limits."""
    assert COMPOSE["services"]["web"]["environment"]["FORWARDED_ALLOW_IPS"] == "*"
    settings = (ROOT / "deploy/kubernetes/kustomization.yaml").read_text("utf-8")
    assert "- FORWARDED_ALLOW_IPS=*\n" in settings


def test_monthly_key_rotation_is_off_by_default_and_in_kubernetes() -> None:
    """Rotation needs a writable key folder: a key that only a pod has, and the data that it
    encrypts, are lost with the pod."""
    assert Settings.model_fields["rotate_keys_monthly"].default is False
    settings = (ROOT / "deploy/kubernetes/kustomization.yaml").read_text("utf-8")
    assert "- KOSH_ROTATE_KEYS_MONTHLY=false\n" in settings
    for pod in _pods():
        for container in pod["containers"]:
            mounts = {each["name"]: each for each in container["volumeMounts"]}
            assert "keys" not in mounts or mounts["keys"]["readOnly"]
    for name in ("web", "webhooks", "work"):
        service = COMPOSE["services"][name]
        assert service["environment"]["KOSH_ROTATE_KEYS_MONTHLY"] == "true"
        assert "keys:/keys" in service["volumes"]
    page = (ROOT / "docs/how-to/systemd.md").read_text("utf-8")
    assert "KOSH_DATA_DIR=/var/lib/kosh\n   KOSH_ROTATE_KEYS_MONTHLY=true\n" in page


def test_deployment_stores_the_erasure_journal_on_a_durable_volume() -> None:
    """Check the volume of the erasure journal.

    Without the journal a restore would bring erased people back without the error E_DATABASE_OLDER.
    """
    settings = (ROOT / "deploy/kubernetes/kustomization.yaml").read_text("utf-8")
    assert "- KOSH_ERASURE_JOURNAL=/erased/marks\n" in settings
    for pod in _pods():
        mounts = {each["mountPath"]: each["name"] for each in pod["containers"][0]["volumeMounts"]}
        if "/erased" in mounts or "/keys" in mounts:
            volumes = {each["name"]: each for each in pod["volumes"]}
            assert "persistentVolumeClaim" in volumes[mounts["/erased"]]
    for name in ("web", "webhooks", "work"):
        service = COMPOSE["services"][name]
        assert service["environment"]["KOSH_ERASURE_JOURNAL"] == "/erased/marks"
        assert "erased:/erased" in service["volumes"]
        assert service["tmpfs"] == ["/tmp"]
    assert "erased" in COMPOSE["volumes"]
    # Docker gives a new volume the owner of the folder in the image.
    assert re.search(r"--owner kosh .*/erased\n", (ROOT / "Dockerfile").read_text("utf-8"))


def test_deployment_gives_processes_time_to_shut_down() -> None:
    """Workers get 30 s to finish a job; web pods wait 5 s, until they get no new requests."""
    for name in ("web", "webhooks", "work"):
        assert COMPOSE["services"][name]["stop_grace_period"] == "30s"
    deployments = [each for each in _documents() if each["kind"] == "Deployment"]
    pods = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in deployments}
    assert all(pod["terminationGracePeriodSeconds"] == 30 for pod in pods.values())
    for name in ("web", "webhooks"):
        assert pods[name]["containers"][0]["lifecycle"]["preStop"] == {"sleep": {"seconds": 5}}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_units_are_valid() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, [*UNITS, *TIMERS])],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    # Ignore the message that Kosh's Python is not installed on this machine.
    errors = [each for each in done.stderr.splitlines() if "python is not executable" not in each]
    assert errors == []


def test_systemd_processes_have_distinct_metrics_ports() -> None:
    """With a shared port, Prometheus would read the metrics of only one of the processes."""
    ports = dict[str, str]()
    for unit in UNITS:
        text = unit.read_text("utf-8")
        if "Restart=always" in text:
            [ports[unit.stem]] = re.findall(r"KOSH_METRICS_PORT=([0-9]+(?:%i)?)", text)
    assert {name for name, port in ports.items() if port.endswith("%i")} == {
        name for name in ports if name.endswith("@")
    }
    assert len({port.removesuffix("%i")[:3] for port in ports.values()}) == len(ports) == 4
    scraped = (ROOT / "deploy/prometheus/prometheus.yaml").read_text("utf-8")
    [job] = yaml.safe_load(scraped)["scrape_configs"]
    # Prometheus uses names of containers, because a service's name reaches only one container.
    targets = [each for some in job["static_configs"] for each in some["targets"]]
    port = COMPOSE["services"]["web"]["environment"]["KOSH_METRICS_PORT"]
    assert targets == [f"{COMPOSE['name']}-{name}-1:{port}" for name in ("web", "webhooks", "work")]


def test_deployment_files_use_existing_settings_and_commands() -> None:
    settings = {name.upper() for name in Settings.model_fields} | AROUND
    commands = getattr(typer.main.get_command(assembled()), "commands", {})
    files = [ROOT / "compose.yaml", ROOT / "Dockerfile", *KUBERNETES, *UNITS]
    files += [ROOT / "deploy/caddy/Caddyfile", ROOT / "deploy/kubernetes/kustomization.yaml"]
    for path in files:
        text = path.read_text("utf-8")
        assert set(re.findall(rf"\b{PREFIX}([A-Z_]+)\b", text)) - settings == set(), path.name
    started = [each["command"][0] for each in COMPOSE["services"].values() if "build" in each]
    started += [each["args"][0] for pod in _pods() for each in pod["containers"]]
    for unit in UNITS:
        started += re.findall(r"-m bot ([a-z]+)", unit.read_text("utf-8"))
    assert set(started) - commands.keys() == set()
    assert {"web", "webhooks", "work", "migrate"} <= set(started)


def test_docker_image_runs_as_an_unprivileged_user() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER 10001" in lines
    assert not any(line.startswith("ADD ") for line in lines)
    assert all("@" in line or ":" in line for line in lines if line.startswith("FROM "))


# A `docker compose` command with its options, up to the name of a service.
COMPOSE_CALL = re.compile(
    r"docker compose (?:--\S+ \S+ )*[a-z]+(?: -[^\s`]+(?: \w+=\d+)?)* ([a-z]+)\b"
)
KINDS = {
    "deploy": "Deployment", "job": "Job", "cronjob": "CronJob", "svc": "Service",
    "ingress": "Ingress",
}  # fmt: skip


def test_docs_name_existing_systemd_units_services_and_kubernetes_objects() -> None:
    """Check the names in systemctl, journalctl, docker compose and kubectl commands."""
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *KUBERNETES, *UNITS]
    text = "\n".join(path.read_text("utf-8") for path in pages)
    units = set(
        re.findall(
            r"\b(kosh-[a-z]+@?)", " ".join(re.findall(r"(?:journal|system)ctl[^`\n]+", text))
        )
    )
    assert "kosh-web@" in units
    assert units <= {path.stem for path in UNITS}
    services = set(COMPOSE_CALL.findall(text))
    assert {"web", "work", "postgres"} <= services
    assert services <= COMPOSE["services"].keys()
    called = " ".join(re.findall(r"kubectl[^`\n]+", text))
    objects = {
        (KINDS[kind], name)
        for kind, name in re.findall(
            r"\b(deploy|job|cronjob|svc|ingress)/([a-z-]+)\b(?!/)",
            called,
        )
    }
    objects -= {("Job", name) for name in re.findall(r"create job ([a-z-]+) ", called)}
    assert ("Deployment", "web") in objects
    assert objects <= {(each["kind"], each["metadata"]["name"]) for each in _documents()}
