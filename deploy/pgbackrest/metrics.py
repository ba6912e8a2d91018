#!/usr/bin/env python3
"""Writes when each stanza was last backed up, for the textfile collector of Prometheus' node exporter.

`metrics.py FILE` asks `pgbackrest info`, and replaces FILE when all is written. Run it after each backup: where it fails, the
figures grow old, and the alert MetaBeBackupOld comes.
"""

import json
import os
import subprocess
import sys

FIGURES = {
    "pgbackrest_last_backup_timestamp_seconds": "When the last backup without errors ended, Unix time; 0 if there is none",
    "pgbackrest_stanza_status": "The code that pgbackrest info gives the stanza; 0 is good",
}


def main(file: str) -> None:
    asked = ["pgbackrest", "info", "--output=json"]  # wherever this system has it
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603
    with open(f"{file}.part", "w") as part:
        part.write(text(json.loads(told)))
    os.replace(f"{file}.part", file)


def text(stanzas: list[dict]) -> str:
    """The figures in Prometheus' text format; `stanzas` is what `pgbackrest info --output=json` prints."""
    lines = []
    for name, said in FIGURES.items():
        lines += [f"# HELP {name} {said}", f"# TYPE {name} gauge"]
        for stanza in stanzas:
            ends = [backup["timestamp"]["stop"] for backup in stanza["backup"] if not backup.get("error")]
            value = stanza["status"]["code"] if name.endswith("status") else max(ends, default=0)
            lines.append(f'{name}{{stanza="{stanza["name"]}"}} {value}')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1])
