"""deploy/release.sh: what it refuses, and what it would do, without building anything."""

import shutil
import subprocess

import pytest

from app import __version__
from tests.conftest import ROOT

NEEDED = (
    "app/__init__.py",
    "CHANGELOG.md",
    "Dockerfile",
    "Dockerfile_product",
    "deploy/release.sh",
    "deploy/build-local.sh",
    ".gitignore",
)


class Checkout:
    """A repository of its own, with what the script reads, whose branches master and product are at one commit."""

    def __init__(self, folder):
        self.folder = folder
        for name in NEEDED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        self.git("init", "--quiet", "--initial-branch", "master")
        self.commit("Begin")
        self.git("branch", "product")

    def git(self, *words):
        identity = ["-c", "user.name=releaser", "-c", "user.email=releaser@example.invalid"]
        done = subprocess.run(["git", *identity, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, subject):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)

    def change(self, name, before, after):
        text = (self.folder / name).read_text()
        assert before in text
        (self.folder / name).write_text(text.replace(before, after))

    def release(self, *options):
        return subprocess.run(
            [self.folder / "deploy/release.sh", *options], capture_output=True, text=True, timeout=30, check=False
        )

    def planned(self, *options):
        done = self.release("--dry-run", *options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self):
        done = self.release("--dry-run")
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


class TestRefusals:
    def test_a_file_that_is_not_committed(self, checkout):
        (checkout.folder / "app/more.py").write_text("")
        assert "the tree is not clean" in checkout.refused()

    @pytest.mark.parametrize("heading", ["## [Unreleased]", f"## [{__version__}]", f"## [{__version__}] - soon"])
    def test_a_version_that_the_changelog_does_not_date(self, checkout, heading):
        (checkout.folder / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n")
        checkout.commit("Forget the date")
        assert f'no section "## [{__version__}] - DATE"' in checkout.refused()

    def test_a_dot_is_a_dot(self, checkout):
        (checkout.folder / "CHANGELOG.md").write_text(f"## [{__version__.replace('.', 'x')}] - 2026-01-01\n")
        checkout.commit("Misspell it")
        assert "CHANGELOG.md has no section" in checkout.refused()

    def test_an_image_of_another_version(self, checkout):
        checkout.change("Dockerfile_product", f"ARG VERSION={__version__}", "ARG VERSION=0.0.1")
        checkout.commit("Forget one")
        assert "Dockerfile_product is of another version" in checkout.refused()

    def test_a_line_whose_branch_is_elsewhere(self, checkout):
        (checkout.folder / "app/more.py").write_text("")
        checkout.commit("Go on, on the test line alone")
        assert "the branch product is at" in checkout.refused()
        assert "meta_be_product" not in checkout.planned("--line", "master")

    def test_a_line_that_has_no_branch(self, checkout):
        checkout.git("branch", "--delete", "product")
        assert "there is no branch product" in checkout.refused()

    def test_a_version_that_was_released_as_another_commit(self, checkout):
        checkout.git("tag", f"v{__version__}")
        assert f"release {__version__}" in checkout.planned()
        checkout.change("CHANGELOG.md", "# Changelog", "# Changes")
        checkout.commit("Go on")
        checkout.git("branch", "--force", "product")
        assert f"v{__version__} is released already" in checkout.refused()

    @pytest.mark.parametrize(("options", "status"), [(("--line", "pixel"), 1), (("--push",), 2)])
    def test_what_it_does_not_know(self, checkout, options, status):
        assert checkout.release(*options).returncode == status


class TestPlan:
    def test_it_tests_builds_checks_and_names_both_lines(self, checkout):
        told = checkout.planned()
        commands = [line for line in told.splitlines() if line.startswith("+ ")]
        assert commands[:2] == ["+ make lint", "+ make test"]
        assert commands[2].startswith("+ env BASE=")
        assert commands[2].endswith(" deploy/build-local.sh")
        for name, command in zip(("meta_be", "meta_be_product"), commands[3:], strict=True):
            assert f"SXKJ:32775/{name}:{__version__}" in command
        assert checkout.git("rev-parse", "HEAD") in told

    def test_it_says_what_to_push_where_and_how_to_install_it(self, checkout):
        told = checkout.planned()
        for name, namespace, values in (
            ("meta_be", "pixel", "values-pixel.yaml"),
            ("meta_be_product", "meta-product", "values-product.yaml"),
        ):
            assert f"SXKJ:32775/{name}:{__version__}" in told.partition("Then, by hand:")[2]
            assert f"--namespace {namespace} --create-namespace" in told
            assert f"--values charts/meta-product-web/{values} --set-string image.tag={__version__}" in told
            assert f'image.digest="$(cat var/release/{name}.digest)"' in told
        assert f"git tag --annotate v{__version__}" in told

    def test_what_is_left_out_is_left_out(self, checkout):
        told = checkout.planned("--skip-tests", "--skip-checks")
        assert "make" not in told.partition("Then, by hand:")[0]
        assert "build-local" not in told
        for name, dockerfile in (("meta_be", "Dockerfile"), ("meta_be_product", "Dockerfile_product")):
            assert f"--file {dockerfile} --tag SXKJ:32775/{name}:{__version__} ." in told

    def test_it_leaves_nothing_behind(self, checkout):
        checkout.planned()
        assert checkout.git("status", "--porcelain") == ""
        assert not (checkout.folder / "var").exists()
