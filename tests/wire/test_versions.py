"""Versions of one record each: taken once, and immutable; shown with the charging settings."""

from rater.core.charging_settings import ChargingSettings
from rater.wire.settings.charging_settings import encode_settings, settings_reader
from rater.wire.versions import BadVersion
from tests.build import NOW, settings_version


def test_a_reader_takes_each_version_once_and_no_other_under_its_number() -> None:
    reader = settings_reader()
    first = encode_settings(settings_version(1, NOW))
    other = encode_settings(settings_version(1, NOW, window_days=4))

    assert isinstance(reader.feed(*first), ChargingSettings)
    assert reader.feed(*first) is None
    for key, value, said in (
        (*other, "version: 1 is known with other content"),
        (b"1", None, "value: was deleted, but a version is immutable"),
        (b"2", first[1], "version: must be that of the key, found 1"),
        (b"one", first[1], "key: must be a version like 1, found 'one'"),
        (None, None, "key: must be a version"),
        (b"3", b"{}", "version: is missing"),
    ):
        bad = reader.feed(key, value)
        assert isinstance(bad, BadVersion)
        assert bad.detail.startswith(said)
    assert reader.feed(b"9", None) is None
