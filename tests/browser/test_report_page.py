"""The report in a real browser, off the network: Chromium, and axe-core's script in MBML_AXE."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from results import VIEW, write_fits
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.reports.report import write_report
from mbml.searches.clock import Budget
from mbml.searches.search import search
from mbml.store import open_warehouse

pytestmark = pytest.mark.slow

SIZES = {"phone": (390, 844), "desk": (1280, 900)}


def needed(what, found):
    """Skip where something is missing; fail in continuous integration."""
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{what} is not here")
    return found


@pytest.fixture(scope="module")
def browser():
    path = needed("Chromium", shutil.which("chromium"))
    with sync_playwright() as playwright:
        # The sandbox needs rights that a container withholds; the page is our own.
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    with open_warehouse(folder / "w.duckdb", write=True) as warehouse:
        load_rows(warehouse, nasbench201_rows(100), folder / "nasbench201_surrogate.parquet")
        load_rows(
            warehouse,
            nasbench201_rows(100, dataset="cifar10", valid_accuracy=None),
            folder / "more.parquet",
        )
        load_rows(warehouse, nasbench101_rows(), folder / "nasbench101.parquet")
        others = ("dummy", "random_forest", "svr", "lasso")
        write_fits(warehouse, split="file:<script>alert(1)</script>.csv", predictors=others)
        write_fits(warehouse)
    for strategy in ("random", "local"):
        search(folder / "w.duckdb", VIEW, budget=Budget(50), strategy=strategy, seeds=2)
    with open_warehouse(folder / "w.duckdb") as warehouse:
        return write_report(warehouse, folder / "out")


@pytest.fixture(
    params=[(size, theme) for size in SIZES for theme in ("light", "dark")], ids="-".join
)
def page(request, browser, report):
    """The report, opened and drawn; anything it asks for or complains of fails the test."""
    size, theme = request.param
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, offline=True
    )
    opened = context.new_page()
    trouble = []
    opened.on(
        "request", lambda one: one.url.startswith(("file:", "data:")) or trouble.append(one.url)
    )
    opened.on("console", lambda one: trouble.append(one.text) if one.type != "log" else None)
    opened.on("pageerror", lambda one: trouble.append(str(one)))
    opened.goto(report.as_uri())
    opened.wait_for_selector(f'body[data-drawn="{theme}"]')
    yield opened
    assert trouble == []
    context.close()


def test_each_chart_has_drawn(page):
    charts = page.locator(".chart")
    assert charts.count() >= 17
    drawn = "svg .mark-group, svg g.mark-rect, svg .mark-rule line, svg path"
    counts = {one.get_attribute("id"): one.locator(drawn).count() for one in charts.all()}
    assert {name: count for name, count in counts.items() if count < 4} == {}


def test_the_cells_are_drawn_and_leave_the_charts_their_text(page):
    assert page.locator("svg.cell").count() >= 2
    label = page.locator("#nasbench201_histogram .chart svg text").first
    assert label.evaluate("text => getComputedStyle(text).fontSize") == "11px"


def test_the_page_is_no_wider_than_the_screen(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("name", ["nasbench201_histogram", "regression_scores", "search_curves"])
def test_a_menu_changes_its_chart(page, name):
    figure = page.locator(f"#{name}")
    before = figure.locator(".chart svg").inner_html()
    menu = figure.locator("select").first
    other = menu.locator("option").last.inner_text()
    menu.select_option(other)
    page.wait_for_function(
        "([name, before]) => document.querySelector(`#${name} svg`).innerHTML !== before",
        arg=[name, before],
    )


def test_what_a_menu_offers_is_text(page):
    options = page.locator("#regression_scores option").all_inner_texts()
    assert any("<script>alert(1)</script>" in one for one in options)


def test_a_long_table_keeps_its_head_in_sight(page):
    box = page.locator("#top_k_1 .scroll")
    box.evaluate("box => { box.scrollTop = 200 }")
    assert box.evaluate("box => box.clientHeight") <= 36 * 16
    head = box.locator("thead th").first.bounding_box()["y"]
    assert abs(head - box.bounding_box()["y"]) < 2


def test_the_theme_is_the_systems(page):
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    axis = page.locator(".chart svg").first.evaluate("svg => svg.style.backgroundColor")
    assert colour == axis


def test_nothing_stands_in_the_way_of_a_screen_reader(page):
    script = needed("axe-core", os.environ.get("MBML_AXE"))
    page.add_script_tag(content=Path(script).read_text())
    found = page.evaluate("axe.run()")
    told = [
        (one["id"], node["target"], node["failureSummary"])
        for one in found["violations"]
        for node in one["nodes"]
    ]
    assert told == []


def test_the_keyboard_reaches_the_content_and_the_menus(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SELECT":
            return
    pytest.fail("no menu within 60 steps of the keyboard")
