"""Whatever passes `check` can be built: every sound example of every diagnostic's page becomes code that Python compiles."""

from syncline.diagnostics.lexicon import LEXICON
from syncline.pipeline import check_spec, generate
from tests.diagnostics.test_pages import examples, files_of


def test_every_sound_example_becomes_code() -> None:
    built = 0
    for code in sorted(LEXICON):
        for text in (*examples(code, fails=False), *examples(code, fails=True)):
            checked = check_spec("example.sync", text, lambda name, code=code: files_of(code, name))  # type: ignore[misc]
            if checked.model is None or not checked.sound:
                continue
            for path, source in generate(checked.model).items():
                compile(source, path, "exec")
            built += 1
    assert built > 100
