"""Look up every locked package among the known vulnerabilities; say so where that cannot be done.

Exit code 1 where a package has one, which fails `.ci/run`. Where the advisories cannot be reached,
or say nothing of a package, that is told and is no failure: the other checks still count.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.lock")
OPTIONS = ("--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off")


def main() -> int:
    """Run pip-audit on the lock and put its answer into words."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), *OPTIONS]
    done = subprocess.run([*command, *sys.argv[1:]], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"audit: NOT DONE, the advisories cannot be reached: {reason}")
        return 0
    unknown = [one for one in packages if "skip_reason" in one]
    faulty = [one for one in packages if one.get("vulns")]
    for one in faulty:
        for fault in one["vulns"]:
            mended = ", ".join(fault["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {fault['id']}, mended in {mended}")
    looked_up = len(packages) - len(unknown)
    print(f"audit: {looked_up} of {len(packages)} packages looked up, {len(faulty)} at fault")
    if unknown:
        print(f"audit: NOT DONE for {len(unknown)} packages, such as: {unknown[0]['skip_reason']}")
    return bool(faulty)


if __name__ == "__main__":
    sys.exit(main())
