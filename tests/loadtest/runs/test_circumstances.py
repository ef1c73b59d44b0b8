"""The circumstances of a run: everything by which it can be judged and repeated, and no secret."""

from loadtest.runs.circumstances import circumstances, settings_of


def test_secrets_are_named_and_not_told() -> None:
    found = settings_of(
        {
            "RATER_BROKER": "localhost:9092",
            "RATER_KAFKA_PASSWORD": "hunter2",
            "RATER_KAFKA_KEY_FILE": "/etc/key",
            "HOME": "/root",
        }
    )

    assert found == {
        "RATER_BROKER": "localhost:9092",
        "RATER_KAFKA_KEY_FILE": "(not told)",
        "RATER_KAFKA_PASSWORD": "(not told)",
    }


def test_machine_and_versions_are_said() -> None:
    found = circumstances(["run", "--seed", "3"], 3)

    assert (found.command, found.seed) == ("loadtest run --seed 3", 3)
    assert int(found.machine["cores"]) >= 1
    assert found.machine["memory"].endswith("GiB")
    assert found.versions["aiokafka"] == "0.14.0"
    assert found.versions["hot path"] in {"compiled", "interpreted"}
