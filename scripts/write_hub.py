"""Write the folder `hub/`: what is submitted to MeltanoHub, laid out as the repository of the Hub is.

Usage: python scripts/write_hub.py [--check]

The facts come from the tap's own tables and from `pyproject.toml`, the longer texts from `hub/texts/`. The variant is the
owner of the repository, as everywhere on the Hub. `--check` changes nothing and fails where a file is out of date.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plugin_definition
import yaml

from tap_exact_online.catalog.resources import RESOURCES

ROOT = Path(__file__).parents[1]
HUB = ROOT / "hub"
NAME, BESIDE = "tap-exact-online", ("exact-online", "ledger")
_WIDTH = 100
# `meltano_sdk` tells the Hub that the settings can be asked for with --about, and which of them are the SDK's own.
_KEYWORDS = ("accounting", "api", "bookkeeping", "erp", "finance", "invoicing", "meltano_sdk", "netherlands")
_STATUS = {"4 - Beta": "beta", "5 - Production/Stable": "active"}


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as one, so that it can be read."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _yaml(document: Any) -> str:
    # The Hub's own linter wants the keys in order, everywhere.
    return yaml.dump(document, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=_WIDTH)


def _listed(classifiers: list[str], begin: str) -> list[str]:
    return [each.removeprefix(begin) for each in classifiers if each.startswith(begin)]


def definition(project: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition of the plugin, from the table `project` of `pyproject.toml`."""
    repository = project["urls"]["Repository"]
    (status,) = _listed(project["classifiers"], "Development Status :: ")
    texts = {
        file.stem: file.read_text(encoding="utf-8").format(repository=repository, streams=len(RESOURCES))
        for file in sorted(HUB.glob("texts/*.md"))
    }
    return {
        "capabilities": sorted(plugin_definition.CAPABILITIES),
        "commands": plugin_definition.COMMANDS,
        "description": "Accounting, invoicing and ERP in the cloud, for businesses and their accountants",
        "domain_url": "https://www.exact.com/",
        "executable": NAME,
        "keywords": [*_KEYWORDS],
        "label": "Exact Online",
        "log_parser": "singer-sdk",
        "logo_url": "/assets/logos/extractors/exact-online.svg",
        "maintenance_status": _STATUS[status],
        "name": NAME,
        "namespace": NAME.replace("-", "_"),
        "pip_url": project["name"],
        "quality": "unknown",  # the Hub rates
        "repo": repository,
        "select": plugin_definition.select(),
        "settings": sorted(plugin_definition.settings(), key=lambda setting: setting["name"]),
        "settings_group_validation": [
            sorted(group) for group in plugin_definition.settings_group_validation()
        ],
        "supported_python_versions": [
            version
            for version in _listed(project["classifiers"], "Programming Language :: Python :: ")
            if "." in version
        ],
        "variant": _variant(repository),
        **texts,
    }


def utility(project: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the definition of a plugin beside the tap, from `meltano.yml`, which has it for this folder."""
    own = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]["utilities"]
    (found,) = (each for each in own if each["name"] == name)
    repository = project["urls"]["Repository"]
    package = found["pip_url"].replace("-e .", project["name"])
    return {**found, "pip_url": package, "repo": repository, "variant": _variant(repository)}


def _variant(repository: str) -> str:
    return repository.split("/")[-2].lower()


def files() -> dict[Path, str]:
    """Return what every file is to hold."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project["urls"]["Repository"]
    variant = _variant(repository)
    maintainer = {"label": variant, "name": variant, "url": repository.rsplit("/", 1)[0]}
    return {
        HUB / f"_data/meltano/extractors/{NAME}/{variant}.yml": _yaml(definition(project)),
        **{
            HUB / f"_data/meltano/utilities/{name}/{variant}.yml": _yaml(utility(project, name))
            for name in BESIDE
        },
        HUB / "_data/maintainers.yml": _yaml({variant: maintainer}),
        HUB / "_data/default_variants.yml": _yaml(
            {"extractors": {NAME: variant}, "utilities": dict.fromkeys(BESIDE, variant)}
        ),
    }


def main() -> int:
    """Write the files, or check them."""
    wanted = files()
    there = set(HUB.glob("_data/**/*.yml"))
    if "--check" in sys.argv[1:]:
        stale = {
            file for file, text in wanted.items() if file not in there or file.read_text("utf-8") != text
        }
        for file in sorted(stale | there - set(wanted)):
            print(f"{file.relative_to(ROOT)} is not up to date: run python scripts/write_hub.py")
        return int(bool(stale or there - set(wanted)))
    for file in there - set(wanted):
        file.unlink()
    for file, text in wanted.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
