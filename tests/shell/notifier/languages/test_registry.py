"""Every language that a record may name has its folder, and every folder the same letters, made of the same values."""

from collections import Counter
from typing import Any, get_args

import jinja2
import msgspec
import pytest
from jinja2 import meta, nodes

from rater.shell.notifier.languages.decline_reasons import REASONS
from rater.shell.notifier.languages.registry import CODES, FOLDER, language
from rater.shell.notifier.languages.words import OTHER, Declines
from rater.shell.notifier.letters import Letter, write_letter
from tests.shell.notifier.languages.samples import SAMPLES
from tests.shell.notifier.notices import golden
from topics.records.notifications import AnyNotification

KINDS = sorted(kind.__struct_config__.tag for kind in get_args(AnyNotification))
TEMPLATES = [*KINDS, "digest"]
OTHERS = [code for code in CODES if code != "en"]
BLOCKS = ["subject", "happened", "facts", "next", "todo"]
PARSER = jinja2.Environment(autoescape=True)


def parsed(code: str, template: str) -> nodes.Template:
    return PARSER.parse(FOLDER.joinpath(code, f"{template}.j2").read_text(encoding="utf-8"))


def block_of(page: nodes.Template, name: str) -> nodes.Block:
    (found,) = [block for block in page.find_all(nodes.Block) if block.name == name]
    return found


def values_of(block: nodes.Block) -> set[str]:
    """Return the values that a block may say or ask for."""
    alone = nodes.Template(block.body)
    alone.set_environment(PARSER)
    return meta.find_undeclared_variables(alone)


def said_in(block: nodes.Block) -> Counter[str]:
    """Count how often a block says each value."""
    shown = [node for output in block.find_all(nodes.Output) for node in output.nodes]
    return Counter(node.name for node in shown if isinstance(node, nodes.Name))


def test_the_registry_is_the_published_type_and_each_language_has_its_folder() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()} - {"__pycache__"}

    assert folders == set(CODES) == set(SAMPLES)


@pytest.mark.parametrize("code", CODES)
def test_a_language_has_a_template_for_each_kind_and_words_for_all_else(code: str) -> None:
    files = {path.name for path in FOLDER.joinpath(code).iterdir()}
    words = language(code).words

    assert files == {f"{template}.j2" for template in TEMPLATES} | {"words.toml"}
    assert set(words.kinds) == {*KINDS, OTHER}
    assert set(words.call_classes) == set(language("en").words.call_classes)
    assert all(msgspec.to_builtins(words.declines).values())
    assert len(set(msgspec.to_builtins(words.declines).values())) == len(Declines.__struct_fields__)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("code", OTHERS)
def test_a_letter_says_the_same_values_in_every_language(code: str, template: str) -> None:
    ours, english = parsed(code, template), parsed("en", template)

    for name in BLOCKS:
        here, there = block_of(ours, name), block_of(english, name)
        assert values_of(here) == values_of(there), name
        assert said_in(here) == said_in(there), name


def test_every_reason_has_codes_and_is_one_that_languages_have_words_for() -> None:
    assert set(REASONS.values()) == set(Declines.__struct_fields__)


@pytest.mark.parametrize("code", CODES)
def test_values_are_written_as_readers_of_the_language_write_them(code: str) -> None:
    reader, sample = language(code), SAMPLES[code]

    assert reader.amount(1_234_500_000, "EUR") == sample.amount % "EUR"
    assert reader.amount(-200_000, "USD") == sample.negative
    assert reader.amount(1_500_000, "JPY") == sample.yen
    assert reader.exact_amount(-1_099_998_000, "USD") == sample.exact
    assert reader.count(87_600) == sample.number
    assert reader.moment(1_772_361_060_000) == sample.first
    assert reader.moment(1_787_443_200_000) == sample.other_day


@pytest.mark.parametrize("code", CODES)
def test_one_and_many_are_told_apart(code: str) -> None:
    sample = SAMPLES[code]

    def letter(kind: str, **changes: Any) -> Letter:
        return write_letter(golden(kind, language=code, **changes))

    for days, said in ((1, sample.day), (7, sample.days)):
        assert letter("funds_expiring", days=days).subject.endswith(said)
    for hours, said in ((1, sample.hour), (11, sample.hours)):
        low = letter("balance_low", threshold_micros=None, threshold_h=24, hours_remaining=hours)
        assert said in [line[-len(said) :] for line in low.text.splitlines()]
    for limit, said in ((1, sample.recharge), (5, sample.recharges)):
        capped = letter("recharge_capped", cap="count", limit=limit)
        assert said in " ".join(capped.text.split())
