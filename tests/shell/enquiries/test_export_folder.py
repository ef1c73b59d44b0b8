"""A folder of an export: where the next run begins, and what it refuses."""

import os
from pathlib import Path

import pytest

from rater.shell.enquiries.export_folder import Beginning, ExportError, ExportFolder, opened

TOPIC = "ledger.entries.v1"
BEGUN = Beginning(TOPIC, "csv", None, {"0": 5, "1": 0})


def begun(path: Path, *files: str) -> ExportFolder:
    with opened(path, TOPIC, "csv") as folder:
        folder.begin(BEGUN)
    for name in files:
        (path / name).write_text("")
    return folder


def name(partition: int, first: int, until: int) -> str:
    return f"{TOPIC}.p{partition:03}.{first:012}-{until:012}.csv"


def test_the_next_run_begins_where_the_last_file_ends(tmp_path: Path) -> None:
    folder = begun(tmp_path, name(0, 10, 20), name(0, 5, 10))

    assert folder.beginning() == BEGUN
    assert folder.next_offsets(BEGUN) == {0: 20, 1: 0}


def test_a_file_is_whole_before_it_has_its_name_and_what_was_left_aside_is_thrown_away(
    tmp_path: Path,
) -> None:
    folder = begun(tmp_path)
    aside = folder.aside(0)
    aside.write_text("half")
    with opened(tmp_path, TOPIC, "csv") as again:
        assert not aside.exists()
        aside.write_text("whole")
        kept = again.keep(aside, 0, 5, 9)

    assert kept == name(0, 5, 9)
    assert (tmp_path / kept).read_text() == "whole"
    assert folder.next_offsets(BEGUN) == {0: 9, 1: 0}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ((name(0, 10, 20),), "some are missing"),
        ((name(0, 5, 10), name(0, 9, 20)), "some are missing"),
        ((name(2, 0, 20),), "some are missing"),
        (("notes.txt",), "no file of this export"),
        ((name(0, 5, 10).replace("csv", "parquet"),), "no file of this export"),
        ((name(0, 5, 10).replace("ledger", "other"),), "no file of this export"),
    ],
)
def test_a_folder_with_gaps_or_files_of_others_is_refused(
    tmp_path: Path, files: tuple[str, ...], why: str
) -> None:
    folder = begun(tmp_path, *files)

    with pytest.raises(ExportError, match=why):
        folder.next_offsets(BEGUN)


def test_another_form_is_refused(tmp_path: Path) -> None:
    begun(tmp_path)
    with (
        opened(tmp_path, TOPIC, "parquet") as folder,
        pytest.raises(ExportError, match="form is csv, not parquet; name another folder"),
    ):
        folder.beginning()


def test_a_beginning_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    (tmp_path / "export.json").write_text("{")

    with pytest.raises(ExportError, match="cannot be read"):
        folder.beginning()


def test_one_run_at_a_time_has_the_folder(tmp_path: Path) -> None:
    with (
        opened(tmp_path, TOPIC, "csv"),
        pytest.raises(ExportError, match="another export is at work"),
        opened(tmp_path, TOPIC, "csv"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_made_is_said() -> None:
    with (
        pytest.raises(ExportError, match="Permission denied"),
        opened(Path("/proc/x"), TOPIC, "csv"),
    ):
        pass


@pytest.mark.parametrize(
    "starts", ['{"zero":5}', '{"0":-1}', '{"-1":5}', '{"\\u0663":5}', '{"":5}']
)
def test_a_beginning_that_names_no_partition_is_refused_with_its_field(
    tmp_path: Path, starts: str
) -> None:
    folder = begun(tmp_path)
    (tmp_path / "export.json").write_text(
        f'{{"topic":"{TOPIC}","form":"csv","since_ms":null,"starts":{starts}}}'
    )

    with pytest.raises(ExportError, match=r"export\.json: starts: must be partitions"):
        folder.beginning()


def test_folders_where_files_must_be_are_named(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    (tmp_path / "export.json").unlink()
    (tmp_path / "export.json").mkdir()
    with pytest.raises(ExportError, match=r"export\.json: cannot be read"):
        folder.beginning()

    (tmp_path / ".aside-x").mkdir()
    with (
        pytest.raises(ExportError, match=r"\.aside-x: cannot be thrown away"),
        opened(tmp_path, TOPIC, "csv"),
    ):
        pass
