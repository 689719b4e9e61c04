"""The commands about grants of packages: audit, lock, approve."""

from __future__ import annotations

import os

from . import grants, inspection
from .approvals import Approvals, Entry, lock_file
from .approvals import read as read_lock
from .asks import Ask, beyond
from .package_scan import Found, scan
from .wasi import Wasi

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


def command(options: argparse.Namespace) -> int:
    """Runs the command that the options name; gives the exit code."""
    policy = _policy(options.policy)
    if options.verb == "audit":
        return _audit(options, policy)
    if policy is None:
        raise ValueError("there is no policy file to approve for: name one with --policy")
    return _lock(options.packages, policy, approve=options.verb == "approve")


def _policy(named: str | None) -> grants.Policy | None:
    """Of --policy, the environment, or the current directory: whoever types a command has chosen it."""
    path = named or os.environ.get(grants.ENVIRONMENT)
    if path is None and os.path.isfile("pyproject.toml"):  # noqa: PTH113
        path = "pyproject.toml"
    return grants.read_policy(path) if path else None


def facts(found: list[Found], policy: grants.Policy | None) -> list[dict[str, Any]]:
    """What ``audit`` says about the modules, as plain data."""
    approvals = policy.approvals() if policy is not None else None
    return [_module_facts(item, policy, approvals) for item in found]


def _module_facts(item: Found, policy: grants.Policy | None, approvals: Approvals | None) -> dict[str, Any]:
    module = item.module()
    granted = grants.granted_to(item.package, policy)
    entry = approvals.packages.get(item.package) if approvals is not None else None
    return {
        "package": item.package,
        "file": item.file,
        "sha256": item.sha256,
        "kind": inspection.kind(module),
        "imports": inspection.imports(module),
        "asks": None
        if item.asks is None
        else [_ask_facts(ask, granted, approvals, item) for ask in item.asks],
        "granted": None if granted is None else repr(granted),
        "changed": entry is not None and entry.modules.get(item.name) != item.sha256,
    }


def _ask_facts(ask: Ask, granted: Wasi | None, approvals: Approvals | None, item: Found) -> dict[str, Any]:
    lack = ask.lacks(granted if granted is not None else Wasi())
    return {
        "capability": ask.capability,
        "access": list(ask.access),
        "reason": ask.reason,
        "optional": ask.optional,
        "granted": lack is None,
        "lacks": lack,
        "approved": None if approvals is None else not approvals.excess(item.package, [ask]),
    }


def _audit(options: argparse.Namespace, policy: grants.Policy | None) -> int:
    told = facts(scan(options.package), policy)
    if options.json:
        import json

        print(json.dumps({"policy": policy.path if policy is not None else None, "modules": told}, indent=2))
    else:
        print(f"policy: {policy.path if policy is not None else 'none'}")
        for item in told:
            _print_module(item)
        if not told:
            print(f"{options.package}: no .wasm files")
    bad = any(not _imports(item) for item in told)
    return 1 if options.check and bad else 0


def _imports(item: dict[str, Any]) -> bool:
    """Whether the import hook would let it in."""
    return all(
        ask["approved"] is not False and (ask["granted"] or ask["optional"]) for ask in item["asks"] or ()
    )


def _print_module(item: dict[str, Any]) -> None:
    facts = f"{item['kind']}, sha256 {item['sha256'][:16]}..."
    print(f"\n{item['package']}: {inspection.printable(item['file'])} ({facts})")
    if item["changed"]:
        print("  it is another file than the one in pywasi.lock")
    wants: dict[str, list[str]] = {}
    for entry in item["imports"]:
        wants.setdefault(entry["needs"], []).append(
            inspection.printable(f"{entry['module']}.{entry['name']}")
        )
    print(f"  imports{'' if wants else ': none'}")
    for needs, names in wants.items():
        print(f"    {inspection.explain(needs)}: {', '.join(names)}")
    if item["asks"] is None:
        print("  asks: it does not say (no capabilities.toml)")
    else:
        print(f"  asks{'' if item['asks'] else ': nothing'}")
        for ask in item["asks"]:
            access = f" ({', '.join(ask['access'])})" if ask["access"] else ""
            state = "granted" if ask["granted"] else f"not granted: {ask['lacks']}"
            state += ", optional" if ask["optional"] else ""
            state += ", not approved in pywasi.lock" if ask["approved"] is False else ""
            print(f"    {ask['capability']}{access}: {ask['reason']!r} [{state}]")
    print(f"  granted: {item['granted'] or 'nothing'}")


def _lock(packages: list[str], policy: grants.Policy, approve: bool) -> int:
    """Writes the lock file: of the named packages, else of those of the policy."""
    path = lock_file(policy.path)
    lock = read_lock(path) or Approvals(path)
    status = 0
    for target in packages or policy.grants:
        for package, modules in _by_package(scan(target)).items():
            asks = modules[0].asks  # they lie in one folder
            known = lock.packages.get(package)
            more = beyond(asks or (), (known.asks or ()) if known is not None else ())
            refused = bool(more) and known is not None and not approve
            for ask in more:
                print(f"{package}: {'not approved' if refused else 'approved'}: {ask}: {ask.reason!r}")
            if refused:
                status = 1
                print(f"help: look at it, then: pywasi approve {target}")
            else:
                lock.packages[package] = Entry(asks, {item.name: item.sha256 for item in modules})
    lock.write()
    print(f"{path}: {len(lock.packages)} package{'' if len(lock.packages) == 1 else 's'}")
    return status


def _by_package(found: list[Found]) -> dict[str, list[Found]]:
    groups: dict[str, list[Found]] = {}
    for item in found:
        groups.setdefault(item.package, []).append(item)
    return groups
