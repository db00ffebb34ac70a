"""The report: one page that asks for nothing else, its tables and figures beside it."""

import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest
from results import write_fits
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.reports.content import Table
from mbml.reports.report import write_report
from mbml.reports.sections.best import pareto_front
from mbml.reports.sections.exploratory import spearman
from mbml.reports.tables import to_html, to_latex, to_markdown
from mbml.searches.clock import Budget
from mbml.searches.search import search
from mbml.store import open_warehouse

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """Collects what a page refers to, its headings and its scripts."""

    def __init__(self, text):
        super().__init__()
        self.links, self.headings, self.tags, self.ids, self._open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._open.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]
        if tag in {"section", "figure", "table", "h1", "h2", "div"}:
            self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        if self._open and self._open[-1] in {"h1", "h2"} and data.strip():
            self.headings.append(data.strip())


@pytest.fixture(scope="module")
def report(new_warehouse, tmp_path_factory):
    """Folder of a report on both benchmarks, one of them surrogate."""
    folder = tmp_path_factory.mktemp("report")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(60), folder / "<script>alert(1)<script>.parquet")
        load_rows(warehouse, nasbench101_rows(), folder / "nasbench101_surrogate.parquet")
        write_fits(warehouse, split="file:<script>alert(2)</script>.csv")
    path, view = folder / "w.duckdb", "meta_nasbench201_cifar100_200epochs"
    search(path, view, budget=Budget(20), seeds=2)
    with open_warehouse(path, write=True) as warehouse:
        warehouse.rows("update results.search set strategy = '<script>alert(3)</script>'")
        write_report(warehouse, folder / "out")
    return folder / "out"


def test_the_page_asks_for_nothing_but_the_files_beside_it(report):
    page = Page((report / "report.html").read_text())
    assert {link for link in page.links if not link.startswith(("#", "files/", "data:,"))} == set()
    for link in page.links:
        if link.startswith("files/"):
            assert (report / link).is_file(), link


def test_each_part_of_the_page_has_an_id_of_its_own(report):
    ids = Page((report / "report.html").read_text()).ids
    assert len(ids) == len(set(ids)) > 40


def test_the_best_architectures_are_drawn(report):
    text = (report / "report.html").read_text()
    assert '<figure id="nasbench201_best_1">' in text
    assert "node 1" in text


def test_each_table_and_figure_has_its_files(report):
    stems = {path.stem for path in (report / "files").iterdir()}
    assert stems
    for stem in stems:
        endings = {path.suffix for path in (report / "files").glob(f"{stem}.*")}
        assert endings in ({".csv", ".tex", ".md"}, {".svg", ".pdf", ".png"}), stem


def test_surrogates_are_loud(report):
    text = (report / "report.html").read_text()
    assert "SURROGATE DATA: nasbench101_surrogate.parquet" in text
    assert Page(text).headings[0].endswith("on SURROGATE data")


def test_hostile_names_are_text(report):
    text = (report / "report.html").read_text()
    assert "&lt;script&gt;alert(1)" in text
    assert "&lt;script&gt;alert(2)" in text
    assert "&lt;script&gt;alert(3)" in text
    assert "<script>alert" not in text
    assert Page(text).tags.count("script") == 4


def test_data_in_the_page_cannot_end_its_script(report):
    text = (report / "report.html").read_text()
    [charts] = re.findall(r'id="charts">(.*?)</script>', text)
    assert "<" not in charts
    assert "nasbench201_histogram" in json.loads(charts)


def test_an_empty_warehouse_is_reported_as_empty(warehouse, tmp_path):
    page = write_report(warehouse, tmp_path / "out").read_text()
    assert "holds no source yet" in page
    assert "No fit is stored yet" in page
    assert "No search is stored yet" in page
    assert "vegaEmbed" not in page


def test_one_benchmark_alone(warehouse, tmp_path):
    load_rows(warehouse, nasbench101_rows(), tmp_path / "nasbench101.parquet")
    page = Page(write_report(warehouse, tmp_path / "out").read_text())
    assert any("NAS-Bench-101" in heading for heading in page.headings)
    assert not any("NAS-Bench-201" in heading for heading in page.headings)


def test_a_report_takes_the_place_of_the_last_one(warehouse, tmp_path):
    first = write_report(warehouse, tmp_path / "out").read_text()
    load_rows(warehouse, nasbench201_rows(5), tmp_path / "nasbench201.parquet")
    assert write_report(warehouse, tmp_path / "out").read_text() != first
    assert not list((tmp_path / "out").glob(".*"))


def test_accuracies_are_summed_up_as_polars_would(report):
    table = pl.read_csv(report / "files" / "nasbench201_accuracies.csv")
    row = table.filter(pl.col("accuracy") == "validation").row(0, named=True)
    values = nasbench201_rows(60)["valid_accuracy"]
    assert row["architectures"] == 60
    assert row["mean"] == pytest.approx(values.mean(), abs=1e-12)
    assert row["median"] == pytest.approx(values.median(), abs=1e-12)
    assert row["best"] == pytest.approx(values.max(), abs=1e-12)


def test_spearman_is_scipys():
    from scipy.stats import spearmanr

    frame = pl.DataFrame({"a": [1.0, 2, 2, 5, None], "b": [4.0, 1, 3, 0, 7], "c": [1.0] * 5})
    found = {(one, other): rho for one, other, rho in spearman(frame).rows()}
    expected = spearmanr([1, 2, 2, 5], [4, 1, 3, 0]).statistic
    assert found["a", "b"] == pytest.approx(expected)
    assert found["b", "a"] == found["a", "b"]
    assert found["a", "c"] is None


def test_nothing_on_the_front_is_beaten():
    frame = pl.DataFrame(
        {
            "cost": [3, 1, 2, 2, 4, None],
            "gain": [0.9, 0.5, 0.5, 0.7, 0.9, 1.0],
            "key": list("abcdef"),
        }
    )
    assert pareto_front(frame, cost="cost", gain="gain")["key"].to_list() == ["b", "d", "a"]


TABLE = Table(
    name="t",
    caption="c",
    frame=pl.DataFrame(
        {"who": ["a|b", "<b>", "c"], "score": [0.5, 0.25, None], "n": [1, 2, 30000]}
    ),
    percent=("score",),
    best={"score": "higher", "n": "lower"},
)


def test_markdown():
    assert to_markdown(TABLE) == (
        "| who | score | n |\n| --- | --: | --: |\n"
        "| a\\|b | 50.00 \\* | 1 \\* |\n| &lt;b&gt; | 25.00 | 2 |\n| c | - | 30,000 |\n"
    )


def test_latex_and_html_escape_and_show_the_same():
    assert "\\textless{}b\\textgreater{}" in to_latex(TABLE)
    html = to_html(TABLE)
    assert "&lt;b&gt;" in html
    assert "<style" not in html
    for text in ("50.00 *", "30,000", "50.00"):
        assert text in html
        assert text in to_latex(TABLE)


def test_each_group_has_a_best_of_its_own():
    frame = pl.DataFrame({"view": ["x", "x", "y"], "mae": [0.2, 0.1, 0.3]})
    table = Table(name="t", caption="c", frame=frame, best={"mae": "lower"}, within=("view",))
    assert to_markdown(table).count("*") == 2
