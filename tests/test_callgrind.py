"""What is read of callgrind's file: a call's cost stands on the line behind the call, and names are said once."""

from pathlib import Path

from tests.callgrind import read, table

OUT = """\
fn=(1) CPyDef_engine___charge
16 100
cfn=(2) CPyDef_price___price_call
calls=10 0
16 300
fn=(2)
20 250
+1 50
fn=(3) PyObject_GetAttr
30 999
fn=(1)
17 20
cfn=(2)
calls=5 0
* 60
"""


def test_functions_are_summed_with_what_they_call(tmp_path: Path) -> None:
    out = tmp_path / "callgrind.out"
    out.write_text(OUT)

    counts = read(out)

    assert table(counts, 10, 9) == [
        "       48        12    0.00  engine___charge",
        "       30        30    1.50  price___price_call",
    ]
