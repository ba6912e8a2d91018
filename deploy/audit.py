"""Look for known vulnerabilities in what the images hold: python deploy/audit.py

Ends with 0 when all packages were looked up and none has a known vulnerability, with 1 when one has or could not be looked up,
and with 3 when no source of advisories is reached, which says nothing about the packages.
"""

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements.lock"
NOT_AUDITED = 3


def main() -> int:
    options = ("--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off")
    tool = Path(sys.executable).with_name("pip-audit")
    done = subprocess.run([tool, *options, "-r", LOCK], capture_output=True, text=True)  # noqa: S603 - our own words
    if not done.stdout.startswith("{"):
        return _not_audited(done.stderr.strip().splitlines()[-1])
    found = json.loads(done.stdout)["dependencies"]
    skipped = {each["name"]: each["skip_reason"] for each in found if "skip_reason" in each}
    if len(skipped) == len(found):
        return _not_audited(next(iter(skipped.values())))
    vulnerable = [each for each in found if each.get("vulns")]
    for each in vulnerable:
        for advisory in each["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"{each['name']} {each['version']}: {advisory['id']}, mended in {fixed}")
    for name, reason in skipped.items():
        print(f"{name}: not looked up: {reason}")
    print(f"{len(found)} packages, {len(vulnerable)} vulnerable, {len(skipped)} not looked up")
    return int(bool(vulnerable or skipped))


def _not_audited(reason: str) -> int:
    print(f"NOT AUDITED: no source of advisories is reached here ({reason})")
    return NOT_AUDITED


if __name__ == "__main__":
    sys.exit(main())
