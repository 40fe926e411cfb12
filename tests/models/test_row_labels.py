"""Tables with a row per respondent carry the row labels of the frame that was given."""

import pickle

import numpy as np
import pandas as pd
import pytest

import tcsmodel as tcs
from tcsmodel.errors import DroppedRespondentsWarning, SurveyError

TEXT = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ visual"
ITEMS = [f"x{i}" for i in range(1, 7)]
FIELDS = ("Image =~ IMAG1 + IMAG2 + IMAG3", "Satisfaction =~ CUSA1 + CUSA2 + CUSA3")
SPEC = tcs.ModelSpec.parse("; ".join((*FIELDS, "Satisfaction ~ Image")))
MODELS = {
    "SEM": lambda: tcs.SEM(tcs.ModelSpec.parse(TEXT)),
    "CFA": lambda: tcs.CFA(tcs.ModelSpec.parse(TEXT.replace("textual ~ visual", ""))),
    "EFA": lambda: tcs.EFA(n_factors=2, items=ITEMS),
    "PLS": lambda: tcs.PLS(tcs.ModelSpec.parse(TEXT)),
}
INDEXES = {
    "ids": lambda n: pd.Index(np.random.default_rng(1).permutation(n) + 500, name="id"),
    "text": lambda n: pd.Index([f"r{i}" for i in range(n)]),
    "levels": lambda n: pd.MultiIndex.from_arrays(
        [np.arange(n) % 2, np.arange(n)], names=["wave", "id"]
    ),
    "repeated": lambda n: pd.Index(np.arange(n) // 2, name="household"),
    "repeated levels": lambda n: pd.MultiIndex.from_arrays([np.arange(n) % 2, np.arange(n) // 4]),
    "dates": lambda n: pd.date_range("2024-01-01", periods=n),
}


def labelled(frame, kind="ids"):
    return frame.set_axis(INDEXES[kind](len(frame)))


def same(ours, plain, labels):
    """Whether a table is the one of positions with other labels."""
    pd.testing.assert_index_equal(ours.index, labels)
    np.testing.assert_array_equal(ours.to_numpy(), plain.to_numpy())


@pytest.fixture(scope="module")
def plain_scores(hs_frame):
    return {name: model().fit(hs_frame).scores() for name, model in MODELS.items()}


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("name", MODELS)
def test_scores_have_the_labels_of_the_frame(hs_frame, plain_scores, name, kind):
    frame = labelled(hs_frame, kind)
    same(MODELS[name]().fit(frame).scores(), plain_scores[name], frame.index)


@pytest.mark.parametrize("name", MODELS)
def test_join_gives_each_respondent_their_own_score(hs_frame, plain_scores, name):
    frame = labelled(hs_frame)
    joined = frame.join(MODELS[name]().fit(frame).scores())
    np.testing.assert_array_equal(
        joined[list(plain_scores[name].columns)], plain_scores[name].to_numpy()
    )


@pytest.mark.parametrize("name", MODELS)
def test_part_of_a_frame_keeps_its_labels(hs_frame, name):
    part = hs_frame[hs_frame["school"] == "Grant-White"]
    scores = MODELS[name]().fit(part).scores()
    assert scores.index.tolist()[:3] == [156, 157, 158]
    same(scores, MODELS[name]().fit(part.reset_index(drop=True)).scores(), part.index)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", ["ids", "repeated", "levels"])
def test_those_left_out_have_no_row(hs_frame, name, kind):
    frame = labelled(hs_frame.astype(dict.fromkeys(ITEMS, float)), kind)
    gone = np.isin(np.arange(len(frame)), [0, 7, 150])
    frame.iloc[gone, frame.columns.get_loc("x2")] = np.nan
    with pytest.warns(DroppedRespondentsWarning):
        scores = MODELS[name]().fit(frame).scores()
    same(scores, MODELS[name]().fit(frame[~gone]).scores(), frame.index[~gone])


@pytest.mark.parametrize("name", MODELS)
def test_new_respondents_have_their_own_labels(hs_frame, plain_scores, name):
    new = labelled(hs_frame, "text").iloc[10:30]
    scores = MODELS[name]().fit(hs_frame).scores(new)
    pd.testing.assert_index_equal(scores.index, new.index)
    np.testing.assert_allclose(scores, plain_scores[name].iloc[10:30], atol=1e-12)


def test_new_respondents_of_a_factor_analysis_with_gaps(hs_frame):
    new = labelled(hs_frame).iloc[:9].copy()
    new.iloc[3, new.columns.get_loc("x1")] = np.nan
    with pytest.warns(DroppedRespondentsWarning):
        scores = MODELS["EFA"]().fit(hs_frame).scores(new)
    assert scores.index.tolist() == new.index.delete(3).tolist()


@pytest.mark.parametrize("kind", ["ids", "repeated"])
def test_fiml_groups_and_weights(hs_frame, kind):
    gaps = hs_frame.assign(w=np.arange(len(hs_frame)) % 3 + 1.0)
    gaps.loc[[4, 90], ITEMS] = np.nan
    gaps.loc[[5, 91, 200], "x1"] = np.nan
    frame = labelled(gaps, kind)
    spec, kept = tcs.ModelSpec.parse(TEXT), ~gaps[ITEMS].isna().all(axis=1).to_numpy()
    tables = []
    for data in (frame, gaps):
        survey = tcs.Survey(data, items=ITEMS, weight="w")
        with pytest.warns(DroppedRespondentsWarning):
            fitted = tcs.SEM(spec, missing="fiml", group="school").fit(survey)
        tables.append(fitted.scores())
    same(*tables, frame.index[kept])


@pytest.mark.parametrize("kind", INDEXES)
def test_surveys_keep_labels(mobi_frame, kind):
    frame = labelled(mobi_frame, kind)
    survey = tcs.Survey(frame)
    pd.testing.assert_frame_equal(survey.data, frame, check_dtype=False)
    pd.testing.assert_series_equal(survey.column("CUSA1"), frame["CUSA1"])
    pd.testing.assert_index_equal(survey.row_labels, frame.index)
    own = (frame["CUSA1"] > 8).to_numpy()
    for part in (survey.where(own), survey.where(lambda d: d["CUSA1"] > 8)):
        pd.testing.assert_index_equal(part.data.index, frame.index[own])
        np.testing.assert_array_equal(part.values(), survey.values()[own])
    for half, positions in zip(survey.split(3), tcs.Survey(mobi_frame).split(3), strict=True):
        pd.testing.assert_index_equal(half.row_labels, frame.index[positions.row_labels])
        np.testing.assert_array_equal(half.values(), positions.values())
    pd.testing.assert_index_equal(pickle.loads(pickle.dumps(survey)).row_labels, frame.index)


@pytest.mark.parametrize("kind", INDEXES)
def test_more_items_keep_labels(mobi_frame, kind):
    frame = labelled(mobi_frame.assign(plan=["pre", "post"] * 125), kind)
    survey = tcs.Survey(frame, items=["CUSA1"]).with_items(["CUSA2"])
    made = survey.dummies("plan", reference="pre")
    assert made.n == 250
    pd.testing.assert_index_equal(made.data.index, frame.index)
    np.testing.assert_array_equal(made.data["plan_post"], [0.0, 1.0] * 125)


def test_rows_of_frequencies_repeat_their_label(mobi_frame):
    frame = labelled(mobi_frame.iloc[:3]).assign(count=[2, 0, 3])
    survey = tcs.Survey(frame, weight="count", frequency=True)
    assert survey.row_labels.tolist() == frame.index.repeat([2, 0, 3]).tolist()


def test_files_and_plain_frames_have_positions(tmp_path, mobi_frame):
    mobi_frame.to_csv(tmp_path / "mobi.csv", index=False)
    read = tcs.Survey.read(tmp_path / "mobi.csv")
    for survey in (read, tcs.Survey(mobi_frame)):
        pd.testing.assert_index_equal(survey.data.index, pd.RangeIndex(250))


def test_names_of_labels_are_not_shared(mobi_frame):
    frame = labelled(mobi_frame)
    survey = tcs.Survey(frame)
    survey.data.index.name = survey.row_labels.name = survey.column("CUSA1").index.name = "other"
    assert (frame.index.name, survey.row_labels.name) == ("id", "id")
    frame.index.name = "renamed"
    assert survey.data.index.name == "id"


@pytest.mark.parametrize("kind", ["ids", "repeated", "repeated levels"])
def test_indices_segments_and_predictions(mobi_frame, kind):
    roles = {"weight": "w", "scale": (1, 10), "items": SPEC.items}
    mobi_frame = mobi_frame.assign(w=np.arange(250) % 3 + 1.0)
    frame = labelled(mobi_frame, kind)
    made = []
    for data in (frame, mobi_frame):
        pls = tcs.PLS(SPEC).fit(tcs.Survey(data, **roles))
        index = tcs.satisfaction_index(pls)
        found = tcs.fimix(pls, segments=2, starts=2)
        made.append(
            [
                index.respondents,
                index.survey().data[["Image", "Satisfaction"]],
                found.memberships(2),
                found.segment_of(2),
                tcs.rebus(pls, segments=2).segment_of(),
                pls.predict(folds=5, repetitions=1, seed=1).errors,
                pls.predict_items(data),
                tcs.screening(tcs.Survey(data, **roles)).respondents,
            ]
        )
    for ours, plain in zip(*made, strict=True):
        same(ours, plain, frame.index)


def test_groups_go_by_row_where_labels_repeat(mobi_frame):
    mobi_frame = mobi_frame.assign(brand=["A", "B"] * 125, wave=[1, 1, 2, 2, 2] * 50)
    frame = labelled(mobi_frame, "repeated")
    ours, plain = (
        tcs.satisfaction_index(
            tcs.PLS(SPEC).fit(tcs.Survey(data, items=SPEC.items, scale=(1, 10)))
        ).by(["brand", "wave"])
        for data in (frame, mobi_frame)
    )
    pd.testing.assert_frame_equal(ours, plain)
    ours, plain = (
        tcs.PLS(SPEC).fit_each(data, by=["brand", "wave"]).table() for data in (frame, mobi_frame)
    )
    pd.testing.assert_frame_equal(ours, plain)


def test_indices_of_replicate_weights_go_by_row_where_labels_repeat(mobi_frame):
    draws = np.random.default_rng(4).uniform(0.5, 1.5, (250, 8))
    columns = {f"rw{r}": draws[:, r] for r in range(8)}
    frame = labelled(mobi_frame.assign(w=1.0, **columns), "repeated")
    survey = tcs.Survey(
        frame,
        items=SPEC.items,
        scale=(1, 10),
        weight="w",
        replicates=tcs.ReplicateWeights(columns="rw*", kind="brr"),
    )
    own = tcs.satisfaction_index(tcs.PLS(SPEC).fit(survey)).survey()
    assert own.n == 250
    pd.testing.assert_index_equal(own.data.index, frame.index)


def test_messages_tell_positions(mobi_frame):
    frame = labelled(mobi_frame.astype(object))
    frame.iloc[4, 0] = "often"
    with pytest.raises(SurveyError, match="row 5"):
        tcs.Survey(frame, items=[frame.columns[0]])
