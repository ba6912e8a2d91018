"""The chart's values as its READMEs show them, in helm-docs' form; `make snapshots` writes both tables.

The English descriptions are the comments `# --` of values.yaml. The Chinese ones stand in the Chinese table alone, and stay
as they are when it is written again.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import yaml

from tests.support.charts import CHART

VALUES = CHART / "values.yaml"
BEGIN, END = "<!-- values: written by `make snapshots` -->", "<!-- /values -->"
HEADS = {
    "README.md": "| Key | Type | Default | Description |",
    "README.zh-CN.md": "| 键 | 类型 | 默认值 | 说明 |",
}
TYPES = {bool: "bool", int: "int", float: "float", str: "string", list: "list", dict: "object"}

Path = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    default: Any
    description: str


def documented_values() -> dict[Path, Value]:
    """Each value that a comment `# --` describes, by its path."""
    values = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    found: dict[Path, Value] = {}
    above: list[tuple[int, str]] = []
    described: list[str] = []
    for line in VALUES.read_text(encoding="utf-8").splitlines():
        comment, key = re.match(r" *# (-- )?(.*)", line), re.match(r"( *)([\w-]+):", line)
        if comment and (comment[1] or described):
            described.append(comment[2])
        elif key:
            above = [*(entry for entry in above if entry[0] < len(key[1])), (len(key[1]), key[2])]
            path = tuple(name for _, name in above)
            if described:
                found[path] = Value(_at(values, path), " ".join(described))
            described = []
        else:
            described = []
    return found


def undescribed() -> list[Path]:
    """The leaves of values.yaml that no comment describes, neither theirs nor that of a map around them."""
    described = documented_values()
    return [
        path
        for path in _leaves(yaml.safe_load(VALUES.read_text(encoding="utf-8")))
        if not any(path[:length] in described for length in range(1, len(path) + 1))
    ]


def table(readme: str) -> str:
    """The table as it must stand in that file; a Chinese description that is not there yet is empty."""
    rows = [HEADS[readme], "|---|---|---|---|"]
    chinese = _descriptions((CHART / readme).read_text(encoding="utf-8"))
    for path, value in documented_values().items():
        key = ".".join(path)
        described = value.description if readme == "README.md" else chinese.get(key, "")
        default = json.dumps(value.default, ensure_ascii=False)
        rows.append(f"| {key} | {TYPES[type(value.default)]} | `{default}` | {described} |")
    return "\n".join(rows)


def written(readme: str) -> str:
    """The table as it stands there."""
    return _between((CHART / readme).read_text(encoding="utf-8")).strip()


def write() -> None:
    for readme in HEADS:
        text = (CHART / readme).read_text(encoding="utf-8")
        before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
        (CHART / readme).write_text(f"{before}\n{table(readme)}\n{after}", encoding="utf-8")


def _between(text: str) -> str:
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)]


def _descriptions(text: str) -> dict[str, str]:
    rows = re.findall(r"^\| ([\w.-]+) \| \w+ \| `.*` \| (.*) \|$", _between(text), re.MULTILINE)
    return dict(rows)


def _at(values: Any, path: Path) -> Any:
    for key in path:
        values = values[key]
    return values


def _leaves(values: dict[str, Any], above: Path = ()) -> list[Path]:
    found: list[Path] = []
    for key, value in values.items():
        found += _leaves(value, (*above, key)) if isinstance(value, dict) and value else [(*above, key)]
    return found


if __name__ == "__main__":
    write()
