"""CSV files: what is read, and one clear line for everything that is not."""

from __future__ import annotations

import pytest

from tcsmodel.errors import SurveyError
from tcsmodel.survey.io import read_table
from tcsmodel.survey.survey import Survey


@pytest.fixture
def write(tmp_path):
    def one(content, name="answers.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return one


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("q1,q2\n1,2\n3,4\n", {"q1": [1, 3], "q2": [2, 4]}),
        ("\n\nq1,q2\n1,2\n", {"q1": [1], "q2": [2]}),
        ("q1;q2\n1,5;2\n3;4\n", {"q1": [1.5, 3.0], "q2": [2, 4]}),
        ("q1\tq2\n1\t2\n", {"q1": [1], "q2": [2]}),
        ('"q, 1",q2\n1,"a\nb"\n', {"q, 1": [1], "q2": ["a\nb"]}),
        ("q1,q2,\n1,2,\n", {"q1": [1], "q2": [2]}),
        ("\ufeff满意度,q2\r\n1,2\r\n", {"满意度": [1], "q2": [2]}),
        ("q1,q2\n1,2\n".encode("utf-16"), {"q1": [1], "q2": [2]}),
    ],
    ids=["commas", "blank lines", "semicolons", "tabs", "quotes", "empty column", "BOM", "UTF-16"],
)
def test_what_is_read(write, content, expected):
    assert read_table(write(content)).to_dict("list") == expected


@pytest.mark.parametrize(("encoding", "header"), [("gb18030", "满意度"), ("cp1252", "Qualité")])
def test_another_encoding_is_named_by_the_user(write, encoding, header):
    path = write(f"{header},q2\n1,2\n".encode(encoding))
    with pytest.raises(SurveyError, match=r"not utf-8 text \(line 1\).*'gb18030' or .*'cp1252'"):
        read_table(path)
    assert Survey.read(path, encoding=encoding, scale=(1, 5)).items == (header, "q2")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "a.csv", "is empty"),
        ("\n \n", "a.csv", "is empty"),
        ("q1,q2\n", "a.csv", "a header but 0 rows"),
        ("q1,q1\n1,2\n", "a.csv", "two columns 'q1'; rename"),
        ("q1,q2\n1,2\n1,2,3\n", "a.csv", "line 3 has 3 cells, the header 2. Quote texts"),
        ("q1,q2\n1,2,3\n", "a.csv", "more cells than the header"),
        (b"q1,q2\n1,\0\n", "a.csv", "not a text file"),
        (b"PK\x03\x04rest", "a.csv", "a spreadsheet in spite of its name"),
        ("x", "a.sav", "a file of SPSS, which is not read yet. Export it as CSV"),
        ("x", "a.xlsx", "a file of Excel, which is not read yet"),
        ("x", "a.foo", r"unknown kind \(.foo\); .csv, .tsv, .txt are read"),
        ("x", "answers", r"unknown kind \(no suffix\)"),
    ],
)
def test_what_is_not_read(write, content, name, message):
    with pytest.raises(SurveyError, match=message):
        read_table(write(content, name))


def test_an_absent_file_gets_a_suggestion(write, tmp_path):
    write("q\n1\n", "wave_2024.csv")
    with pytest.raises(SurveyError, match=r"no file .*Did you mean 'wave_2024.csv'\?"):
        read_table(tmp_path / "wave2024.csv")
    with pytest.raises(SurveyError, match=r"no file .*Look at the path"):
        read_table(tmp_path / "nowhere" / "b.csv")
    with pytest.raises(SurveyError, match="is a directory"):
        read_table(tmp_path)


def test_an_unknown_encoding(write):
    with pytest.raises(SurveyError, match="encoding='utf9' is not known; try utf-8, gb18030"):
        read_table(write("q\n1\n"), "utf9")


def test_a_survey_is_read_with_its_options(write):
    survey = Survey.read(
        write("q1,q2,w,city\n1,9,2,x\n5,3,1,NA\n"),
        scale=(1, 5),
        weight="w",
        missing_codes=[9],
        reverse=["q1"],
    )
    assert survey.items == ("q1", "q2")
    assert survey.data["q1"].tolist() == [5, 1]
    assert survey.moments(["q1"]).sum_weights == 3
