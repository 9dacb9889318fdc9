"""One catalogue for every text: complete, current, in the packages, and spoken by the core."""

from __future__ import annotations

import dataclasses
import logging
import string
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message

import build
from shared import language
from shared.errors import (
    FETCH,
    Cancelled,
    CreditsError,
    FluxDepthError,
    KeyMissingError,
    LargeOrderError,
    LimitError,
    ParameterError,
    ResultError,
    StorageError,
)
from shared.jobs import wording
from shared.jobs.request import Stage
from shared.jobs.spending import Spent
from shared.language import N_, english, number, tr, trn
from shared.model import models, presets
from shared.model.advice import advice
from shared.model.edit import DepthEdit
from shared.model.parameters import LONGEST_SIDE, VARIATIONS
from shared.service.replies import error_of
from shared.service.translation import translated
from shared.storage import settings
from shared.storage.entries import Destination
from shared.storage.library.index import Summary
from tests import translations


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    language.choose([])


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "FOLDER", translations.install(tmp_path / "locale"))
    language.choose(["de_DE.UTF-8"])


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def forms(message: Message) -> list[tuple[str, str]]:
    """Each form with the text that it translates; all but the first translate the plural."""
    if isinstance(message.id, tuple):
        return [(message.id[min(number, 1)], form) for number, form in enumerate(message.string)]
    return [(message.id, message.string)]


# The catalogues.


def test_the_template_and_every_catalogue_have_what_is_marked_in_the_code() -> None:
    marked = translations.marked()
    assert len(marked) > 300
    for catalogue in (translations.template(), *map(translations.catalogue, translations.languages())):
        known = {message.id for message in catalogue if message.id}
        assert known == marked, "run build.py languages"


@pytest.mark.parametrize("name", translations.languages())
def test_a_catalogue_is_complete_and_its_texts_can_be_filled_in(name: str) -> None:
    wrong = []
    for message in translations.catalogue(name):
        if not message.id:
            continue
        if message.fuzzy:
            wrong.append(f"to be looked at: {message.id}")
        for text, form in forms(message):
            if not form.strip():
                wrong.append(f"not translated: {text}")
            elif places(form) != places(text):
                wrong.append(f"other places for values: {text} → {form}")
            elif (text[0] == " ", text[-1] == " ") != (form[0] == " ", form[-1] == " "):
                wrong.append(f"other spaces at its ends: {text} → {form}")
            elif text.endswith(".") and not form.endswith((".", ".“")):
                wrong.append(f"no full stop: {text} → {form}")
            elif "_" in form and "_" not in text:  # none is better than the same as another's
                wrong.append(f"a key for the keyboard: {text} → {form}")
    assert not wrong


@pytest.mark.parametrize("name", translations.languages())
def test_sentences_that_are_exchanged_are_found_in_each_other(name: str) -> None:
    """The command says in its own words what "Fetch it with Recover" says, and Blender calls Settings otherwise."""
    catalogue = translations.catalogue(name)
    for message in catalogue:
        if isinstance(message.id, str) and "in Settings" in message.id:
            assert catalogue["in Settings"].string in message.string, message.string


def test_the_packages_carry_every_language_and_nothing_else_of_it() -> None:
    for package in (build.package_gimp(), *build.package_blender(["linux-x64"])):
        with zipfile.ZipFile(package) as archive:
            found = {name.partition("locale/")[2] for name in archive.namelist() if "/locale/" in f"/{name}"}
        assert found == {translations.MO.format(language=name) for name in translations.languages()}


# Which language.


def test_the_first_language_that_is_there_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "FOLDER", translations.install(tmp_path / "locale"))
    for wanted in (["de"], ["de_AT.UTF-8"], ["de-CH"], ["xx", "de_DE"], ["fr_FR.UTF-8", "de", "en"]):
        language.choose(wanted)
        assert tr("All") == "Alle", wanted
    for wanted in ([], ["en_US", "de"], ["C"], ["C.UTF-8", "de"], ["POSIX"], ["xx"]):
        language.choose(wanted)
        assert tr("All") == "All", wanted


def test_a_damaged_catalogue_is_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = translations.install(tmp_path / "locale") / translations.MO.format(language="de")
    file.write_bytes(b"no catalogue")
    monkeypatch.setattr(language, "FOLDER", tmp_path / "locale")
    language.choose(["de"])
    assert tr("All") == "All"


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, []),
        ({"LANG": "de_DE.UTF-8"}, ["de_DE.UTF-8"]),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_DE"}, ["de_DE"]),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_DE", "LC_ALL": "fr_FR"}, ["fr_FR"]),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:fr"}, ["de", "fr"]),
        ({"LANG": "C.UTF-8", "LANGUAGE": "de"}, ["de"]),
        ({"LANG": "C", "LANGUAGE": "de"}, []),
        ({"LC_ALL": "POSIX", "LANG": "de_DE"}, []),
    ],
)
def test_the_environment_is_read_as_gnu_reads_it(environ: dict[str, str], wanted: list[str]) -> None:
    assert language.of_environment(environ) == wanted


# The texts.


@pytest.mark.usefixtures("german")
def test_a_text_knows_its_english_with_its_values() -> None:
    text = tr("Longest side sent")
    assert (text, english(text), tr(text)) == ("Gesendete längste Seite", "Longest side sent", text)
    whole = tr("{model} has no “{setting}”.").format(model="Flux", setting=text)
    assert (whole, whole.english) == (
        "Flux kennt die Einstellung „Gesendete längste Seite“ nicht.",
        "Flux has no “Longest side sent”.",
    )
    assert tr("nobody has translated this") == "nobody has translated this"
    assert tr("") == "" == english(tr(""))
    assert N_("All") == "All"


@pytest.mark.usefixtures("german")
def test_numbers_and_plurals_are_written_as_the_language_writes_them() -> None:
    assert [str(number(1234567.25, 1)), number(1234567.25, 1).english] == ["1.234.567,2", "1,234,567.2"]
    assert [wording.order(count, 50000) for count in (1, 4)] == [
        "1 kostenpflichtige Bearbeitung · 50.000 Credits",
        "4 kostenpflichtige Bearbeitungen · 200.000 Credits",
    ]
    assert trn("{count} edit", "{count} edits", 1).english == "{count} edit"
    assert wording.kept_words(1212, 2_480_000_000) == "1.212 Bearbeitungen · 2,5 GB"


@pytest.mark.usefixtures("german")
def test_errors_say_in_german_what_happened_and_what_to_do() -> None:
    said = [
        str(one) for one in (KeyMissingError(), Cancelled.after_submit(), CreditsError("Aus."), LargeOrderError(""))
    ]
    assert said[0] == (
        "Es ist noch kein API-Schlüssel hinterlegt. Fügen Sie Ihren Schlüssel von 1min.ai in den Einstellungen ein "
        "oder setzen Sie FLUXDEPTH_API_KEY. Es wurde nichts berechnet."
    )
    assert said[1] == (
        "Es wird nicht mehr gewartet. Der Dienst stellt die Bearbeitung trotzdem fertig. Holen Sie das Ergebnis mit "
        "„Nachholen“; das kostet nichts. Für diese Bearbeitung wurden Credits verbraucht."
    )
    assert said[2].startswith("Aus. Laden Sie Ihr Konto")
    assert said[3].startswith("„Trotzdem bearbeiten“ startet alle.")
    assert str(ResultError("Weg.")) == f"Weg. {tr(FETCH)} Für diese Bearbeitung wurden Credits verbraucht."
    with pytest.raises(ParameterError, match="^Varianten: Erlaubt ist 1 bis 8, nicht 9") as refused:
        VARIATIONS.checked(9)
    assert refused.value.english == "Variations must be 1 to 8, not 9."
    with pytest.raises(ParameterError, match=r"Erlaubt ist 0 \(wie es ist\) oder 256 bis 8192 px, nicht"):
        LONGEST_SIDE.checked("groß")
    with pytest.raises(ParameterError, match="^Der Prompt ist leer"):
        DepthEdit.checked({})
    assert "1.000 Credits Ihres Monatslimits sind 900 verbraucht" in str(LimitError.of(900, 1000, "eine"))
    assert translated(TimeoutError(), "api.1min.ai").message == "api.1min.ai hat nicht rechtzeitig geantwortet."
    assert error_of(413, "", b"").advice.startswith("Wählen Sie eine kleinere längste Seite")


@pytest.mark.usefixtures("german")
def test_what_a_job_says_is_german_and_what_it_writes_is_not() -> None:
    assert wording.staged(Stage.UPLOADING.value, 0.64).text == "Wird hochgeladen, 64 %"
    assert wording.generating(12, 18).text == "Wird erzeugt, 12 s von meist etwa 18 s"
    assert wording.where(Destination("gimp", "/x/bild.xcf")) == "„bild.xcf“ in GIMP"
    spent = Spent()
    spent.add(summary("blender", title=""))
    assert list(spent.documents) == ["an unsaved document in Blender"]
    assert spent.lines(0)[-1] == "Am meisten für ein ungespeichertes Dokument in Blender 50.000."


def summary(host: str, title: str) -> Summary:
    from shared.storage.entries import EditEntry, EditState, Job
    from shared.storage.library import index

    edit = EditEntry(0, {"prompt": "x"}, state=EditState.DONE)
    job = Job("1", Path("1"), 0.0, models.DEFAULT.id, "", Destination(host, title=title), (edit,), credits=50000)
    return index.summary(job)


@pytest.mark.usefixtures("german")
def test_the_log_stays_english(caplog: pytest.LogCaptureFixture) -> None:
    from shared.jobs.background import Errands

    def work() -> None:
        raise StorageError(tr("Job {id} is no longer in the history.").format(id="7"))

    errands = Errands()
    with caplog.at_level(logging.WARNING):
        errands.start(work)
        errands.join(5)
        errands.advance()
    assert caplog.messages == ["Job 7 is no longer in the history."]


@pytest.mark.usefixtures("german")
def test_every_text_of_the_tables_is_translated() -> None:
    shown = [(one.label, one.help) for one in (*models.union(), models.CHOICE, *settings.ALL)]
    shown += [(one.label, one.help) for one in presets.PRESETS]
    shown += [(one.good_for, one.advice.few_steps_words) for one in models.MODELS]
    same = {text for pair in shown for text in pair if text and tr(text) == text}
    assert same == {"Prompt"}
    for prompt in ("", "haze", "far haze"):
        for model in models.MODELS:
            said = advice({"prompt": prompt, "steps": 3}, model)
            assert said != english(said)


def test_texts_of_two_threads_are_of_one_language_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "FOLDER", translations.install(tmp_path / "locale"))
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(tr("All"))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for wanted in ["de", "en"] * 50:
        language.choose([wanted])
    stop.set()
    for thread in threads:
        thread.join()
    assert seen <= {"All", "Alle"}


@pytest.mark.usefixtures("german")
def test_the_hosts_own_catalogue_is_the_same() -> None:
    known = language.texts("de")
    assert known["Longest side sent"] == "Gesendete längste Seite" and "" not in known
    assert language.texts("xx") == {}


def test_the_pseudo_language_is_longer_and_keeps_places_and_keys() -> None:
    assert translations.pseudo("_Depth {count} edits") == "⟦_Dépth {count} édítš ~~⟧"
    for message in translations.template():
        if isinstance(message.id, str) and message.id:
            assert places(translations.pseudo(message.id)) == places(message.id)


def test_what_was_forgotten_is_found_and_data_is_not() -> None:
    spoken = translations.pseudo("“{prompt}” ({when}): {why}").format(prompt="a cat", when="2026", why="⟦x⟧")
    assert not translations.forgotten(f"{spoken} · 600×400 px · Flux Depth Pro, 1 {translations.pseudo('x')} 4f")
    assert translations.forgotten("Prompt ⟦áb⟧ of “a cat”", ["a cat"]) == "Prompt of"


def test_an_error_without_a_text_of_the_catalogue_says_it_in_the_log_too() -> None:
    assert FluxDepthError("plain").english == "plain"
    assert dataclasses.is_dataclass(models.DEFAULT)
