"""A spec in its project: settings found upwards, a team's own checks, one verdict for every command."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncline.cli import main
from syncline.cli.projects import project_at
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.pages import sample
from syncline.model.spec import Spec
from syncline.project import custom

SPEC = """\
spec example version 1
import "sample.sync"

entity Customer { email : email, note : text(40)?, match email }
map Customer to crm.contacts { email <-> email }
map Customer to shop.contacts { email -> email, note -> name }
sync Customer from crm to shop { delete in shop never }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    project_at.cache_clear()
    Path("specs/deep").mkdir(parents=True)
    Path("specs/deep/a.sync").write_text(SPEC, encoding="utf-8")
    Path("specs/deep/sample.sync").write_text(sample(), encoding="utf-8")
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", "specs/deep/a.sync", "--output", "concise", *arguments])


def settings(text: str) -> None:
    Path("syncline.toml").write_text(f"version = 1\n{text}", encoding="utf-8")


def test_without_settings_everything_counts_as_it_is() -> None:
    assert "error[field.no-source]" in check().output
    assert check().exit_code == 1


def test_settings_are_found_above_the_spec_and_hold() -> None:
    settings('[severity]\n"field.no-source" = "hint"\n')
    result = check()
    assert "hint[field.no-source]" in result.output
    assert result.exit_code == 0


def test_the_nearest_settings_win() -> None:
    settings('[severity]\n"field.no-source" = "hint"\n')
    Path("specs/syncline.toml").write_text('version = 1\n[severity]\n"field.no-source" = "off"\n', encoding="utf-8")
    assert check().output == ""


def test_what_is_wrong_with_settings_is_told_once_at_its_place_and_fails() -> None:
    settings('[severity]\n"delete.no-rule" = "off"\n')
    result = check("specs/deep/a.sync")
    assert result.output.count("syncline.toml:3:1: error[config.refused]") == 1
    assert result.exit_code == 1


def test_build_goes_by_the_same_settings() -> None:
    def build() -> Result:
        return CliRunner().invoke(main, ["build", "specs/deep/a.sync", "-o", "out"])

    assert build().exit_code == 1
    settings('[severity]\n"field.no-source" = "off"\n')
    project_at.cache_clear()
    assert build().exit_code == 0, build().output


def test_documentation_is_asked_for_where_the_project_wants_it() -> None:
    settings('categories = ["basic", "docs"]\n[severity]\n"field.no-source" = "off"\n')
    assert "warning[docs.missing] Customer is not documented" in check().output


def test_settings_are_shown_with_how_each_code_counts() -> None:
    settings('[severity]\n"enum.gap" = { level = "warning", reason = "stages come and go" }\n')
    lines = check("--show-settings").output.splitlines()
    assert "settings    syncline.toml" in lines
    shown = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert shown["enum.gap"] == ["safety", "warning", "stages", "come", "and", "go"]
    assert shown["delete.no-rule"] == ["safety", "error", "always"]
    assert shown["docs.missing"] == ["docs", "off"]


def test_showing_settings_tells_what_is_wrong_with_them() -> None:
    settings("nothing = 1\n")
    result = check("--show-settings")
    assert "syncline.toml:2:1: error[config.unknown-key]" in result.stderr
    assert result.exit_code == 1


def naming(spec: Spec) -> list[Diagnostic]:
    facts = {"message": "names end in Record here", "mend": "Call it CustomerRecord."}
    return [Diagnostic("acme.naming", entity.span, facts) for entity in spec.entities.values()]


def failing(spec: Spec) -> list[Diagnostic]:
    raise ZeroDivisionError("of all\nthings")


def foreign(spec: Spec) -> list[Diagnostic]:
    return [Diagnostic("truth.missing", spec.span)]


def nonsense(spec: Spec) -> list[str]:
    return ["acme.naming"]


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        EntryPoint(name, f"{__name__}:{name}", custom.GROUP) for name in ("naming", "failing", "foreign", "nonsense")
    ]
    entries.append(EntryPoint("acme", f"{__name__}:naming", custom.GROUP))
    entries.append(EntryPoint("absent", "no_such_module:check", custom.GROUP))
    entries.append(EntryPoint("truth", f"{__name__}:foreign", custom.GROUP))
    loaded = {"naming": naming, "acme": naming, "failing": failing, "foreign": foreign, "nonsense": nonsense}
    monkeypatch.setattr(custom, "entry_points", lambda *, group: [entry for entry in entries if entry.group == group])
    load = EntryPoint.load
    monkeypatch.setattr(EntryPoint, "load", lambda self: loaded[self.name] if self.name in loaded else load(self))


@pytest.mark.usefixtures("offers")
def test_a_check_of_the_team_reports_in_its_own_words_and_is_allowed_like_any_other() -> None:
    settings('checks = ["acme"]\n[severity]\n"field.no-source" = "off"\n')
    assert "specs/deep/a.sync:4:8: error[acme.naming] names end in Record here" in check().output
    assert "mend: Call it CustomerRecord." in check("--output", "text").output
    assert "explain" not in check("--output", "text").output
    assert '"acme.naming"' in check("--output", "sarif").output
    path = Path("specs/deep/a.sync")
    path.write_text(path.read_text().replace("entity", 'allow acme.naming "an old name"\nentity'), encoding="utf-8")
    assert check().output == ""


@pytest.mark.usefixtures("offers")
def test_its_severity_is_set_like_any_other() -> None:
    settings('checks = ["acme"]\n[severity]\n"acme.naming" = "hint"\n"field.no-source" = "off"\n')
    assert check().exit_code == 0
    assert "hint[acme.naming]" in check().output


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("failing", "custom.failed] the check `failing` failed: ZeroDivisionError: of all things"),
        ("absent", "custom.failed] the check `absent` failed: ModuleNotFoundError"),
        ("nonsense", "custom.failed] the check `nonsense` failed: TypeError: str is no Diagnostic"),
        ("foreign", "custom.foreign-code] the check `foreign` reports `truth.missing`"),
        ("acmee", "config.unknown-check] no installed package offers checks under the name `acmee`"),
        ("truth", "config.unknown-check] no installed package offers checks under the name `truth`"),
    ],
)
@pytest.mark.usefixtures("offers")
def test_a_check_that_fails_is_a_finding_and_the_rest_is_checked(name: str, found: str) -> None:
    settings(f'checks = ["{name}"]\n')
    result = check()
    assert found in result.output
    assert "field.no-source" in result.output
    assert result.exit_code == 1
    assert "Traceback" not in result.output
