"""From a view to a search, in a marimo notebook: `marimo edit docs/notebook.py`.

The data is a surrogate that the first cell writes: every accuracy and time is invented.
"""

import marimo

app = marimo.App(app_title="From a view to a search")


@app.cell
def _():
    import marimo as mo

    mo.md(
        """
        # From a view to a search

        **SURROGATE DATA**: every accuracy and time on this page is invented, none was measured.
        With an original file in place of the surrogate, all else stays as it is.
        """
    )
    return (mo,)


@app.cell
def _():
    import tempfile
    from pathlib import Path

    import mbml
    from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

    folder = Path(tempfile.mkdtemp(prefix="mbml-notebook-"))
    warehouse = folder / "mbml.duckdb"
    write_nasbench101(folder / "surrogate.tfrecord", draw_cells(1000))
    [loaded] = mbml.ingest(warehouse, folder / "surrogate.tfrecord")
    db = mbml.open(warehouse)
    return db, loaded, mbml


@app.cell
def _(loaded, mo):
    mo.md(
        f"""
        ## The warehouse

        {loaded.architectures:,} cells and {loaded.runs:,} trainings are in one DuckDB file now. A
        meta-dataset is a view of it: a row for each cell. Accuracies are fractions.
        """
    )
    return


@app.cell
def _(db):
    VIEW = "meta_nasbench101_108epochs"
    cells = db.sql(
        f"""
        select arch_key, conv_num_layers, parameters, valid_accuracy, test_accuracy
        from {VIEW}
        order by valid_accuracy desc
        """,
    )
    cells.head(5)
    return VIEW, cells


@app.cell
def _(cells):
    import altair as alt

    alt.Chart(cells).mark_point(opacity=0.4).encode(
        alt.X("parameters").scale(type="log"),
        alt.Y("valid_accuracy").scale(zero=False),
        alt.Color("conv_num_layers:O"),
    ).properties(title="surrogate: accuracy after 108 epochs over size")
    return (alt,)


@app.cell
def _(mo):
    mo.md(
        """
        ## A predictor

        Trained on 172 cells, scored on all others. Kendall's tau says how well their order is
        predicted, 1 at best; `dummy` predicts the mean and orders nothing.
        """
    )
    return


@app.cell
def _(VIEW, db, mbml):
    import polars as pl

    reports = {
        f"{predictor} on {features}": mbml.train(
            db, VIEW, predictor=predictor, features=features, train_size=172, seed=0
        )
        for predictor, features in (
            ("dummy", "published"),
            ("random_forest", "published"),
            ("random_forest", "topology"),
        )
    }
    scores = pl.DataFrame(
        [
            {"predictor": name, **{key: one.scores[key] for key in ("mae", "kendall_tau")}}
            for name, one in reports.items()
        ]
    )
    scores
    return pl, scores


@app.cell
def _(mo):
    mo.md(
        """
        ## A search

        Each query costs a training. *Chosen* is the test accuracy of the cell that validation
        accuracy chooses among those queried so far; the mean of five runs is drawn.
        """
    )
    return


@app.cell
def _(VIEW, db, mbml, pl):
    found = pl.DataFrame(
        [
            {"strategy": strategy, "queries": queries, "chosen": step.chosen_test_accuracy}
            for strategy in ("random", "guided")
            for trace in mbml.search(db, VIEW, budget=30, strategy=strategy, seeds=5).traces
            for queries, step in enumerate(trace.steps, start=1)
        ]
    )
    means = found.group_by("strategy", "queries", maintain_order=True).agg(pl.mean("chosen"))
    return (means,)


@app.cell
def _(alt, means):
    alt.Chart(means).mark_line().encode(
        alt.X("queries"), alt.Y("chosen").scale(zero=False), alt.Color("strategy")
    ).properties(title="surrogate: test accuracy of the chosen cell")
    return


if __name__ == "__main__":
    app.run()
