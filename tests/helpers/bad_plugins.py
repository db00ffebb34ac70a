"""Modules of plug-ins that fail, or give what they should not, as texts to install."""

PREDICTORS = """
import os
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from mbml.predictors.registry import Predictor

class Odd(Exception):
    def __init__(self, first, second):
        super().__init__(first)

class Mute(Exception):
    def __str__(self):
        raise ValueError

class R(RegressorMixin, BaseEstimator):
    def __init__(self, what=""):
        self.what = what
    def fit(self, X, y):
        if self.what.startswith("raise"):
            raise {"exit": SystemExit(0), "interrupt": KeyboardInterrupt(), "odd": Odd(1, 2),
                   "mute": Mute(), "base": BaseException("b")}[self.what.split("_")[1]]
        self.n_features_in_ = X.shape[1]
        return self
    def predict(self, X):
        right = np.full(len(X), 0.5)
        nan = right.copy(); nan[1] = np.nan
        inf = right.copy(); inf[0] = np.inf
        return {"one": right[:1], "zero_d": np.float64(0.5), "longer": np.full(len(X) + 1, 0.5),
                "column": right[:, None], "nan": nan, "inf": inf, "words": right.astype(str),
                "objects": right.astype(object), "complex": right + 1j, "list": list(right),
                "none": None, "bool": right > 0,
                "masked": np.ma.masked_array(right, right > 0)}[self.what]

def plain(regressor, columns, dataset):
    return regressor

def made(name, **more):
    return Predictor(name=name, meaning="m", make=lambda seed: R(name.removeprefix("p_")), **more)

NAMES = ("raise_exit raise_interrupt raise_odd raise_mute raise_base one zero_d longer column nan"
         " inf words objects complex none bool masked").split()
for name in NAMES:
    globals()[name] = made(name)
    globals()["p_" + name] = made("p_" + name, prepare=plain)
def no_make(seed):
    raise SystemExit
def no_prepare(*_):
    return 3
make_fails = Predictor(name="make_fails", meaning="m", make=no_make)
def any_make(seed):
    return R()
prepare_junk = Predictor(name="prepare_junk", meaning="m", make=any_make, prepare=no_prepare)
from sklearn.linear_model import LinearRegression
good = Predictor(name="good", meaning="m", make=lambda seed: LinearRegression())
"""

FEATURES = """
import numpy as np
import polars as pl
from mbml.features.parts import CellPart, MeasuredPart
from mbml.features.registry import FeatureSet
from mbml.features.topology.columns import Column

def made(name, compute):
    part = CellPart(columns=(Column("c", "m", "u", "g"),), compute=compute)
    return FeatureSet(name=name, meaning="m", version="1", parts={"nasbench201": (part,)})

def exits(cells, dataset):
    raise SystemExit(0)

def of(values):
    return lambda cells, dataset: pl.DataFrame({"c": values(len(cells))}, strict=False)

class Odd:
    @property
    def columns(self):
        raise KeyboardInterrupt

exit = made("exit", exits)
short = made("short", of(lambda n: [1.0] * (n - 1)))
nan = made("nan", of(lambda n: [1.0] * (n - 1) + [np.nan]))
inf = made("inf", of(lambda n: [1.0] * (n - 1) + [np.inf]))
words = made("words", of(lambda n: ["a"] * n))
objects = made("objects", lambda cells, _: pl.DataFrame({"c": pl.Series([object()] * len(cells))}))
name = made("name", lambda cells, _: pl.DataFrame({"d": [1.0] * len(cells)}))
rows = made("rows", lambda cells, _: [1.0] * len(cells))
junk = FeatureSet(name="junk", meaning="m", version="1", parts={"nasbench201": (1, 2)})
parts = FeatureSet(name="parts", meaning="m", version="1", parts=3)
odd = FeatureSet(name="odd", meaning="m", version="1", parts={"nasbench201": (Odd(),)})
argument = FeatureSet(name="argument", meaning="m", version="1", with_argument=exits)
cost = FeatureSet(name="cost", meaning="m", version="1", parts={"nasbench201": (
    MeasuredPart(columns=(Column("c", "m", "u", "g"),),
                 read=lambda w, d, ids: (pl.DataFrame({"c": [1.0] * len(ids)}), 0)),)})
absent = FeatureSet(name="absent", meaning="m", version="1", parts={"nasbench201": (
    CellPart(columns=(Column("c", "m", "u", "g"),), compute=exits, in_view=True),)})
"""

STRATEGIES = """
import numpy as np
from mbml.searches.candidates import Query
from mbml.searches.strategies.registry import Strategy

class Odd(Exception):
    def __init__(self, first, second):
        super().__init__(first)

def exits(candidates, rng):
    yield Query(0)
    raise SystemExit(0)
def interrupts(candidates, rng):
    yield Query(0)
    raise KeyboardInterrupt
def odd(candidates, rng):
    yield Query(0)
    raise Odd(1, 2)
def half(candidates, rng):
    yield Query(0.5)
def true(candidates, rng):
    yield Query(True)
def whole(candidates, rng):
    yield Query(1.0)
def epoch(candidates, rng):
    yield Query(1, 200.0)
def hashless(candidates, rng):
    yield Query(1, [])
def junk(candidates, rng):
    yield "ab"
def number(candidates, rng):
    yield 3
def negative(candidates, rng):
    yield Query(-1)
def stays(candidates, rng):
    for row in range(100):
        try:
            yield Query(row)
        except GeneratorExit:
            break
    yield Query(0)
def closes(candidates, rng):
    try:
        for row in range(100):
            yield Query(row)
    finally:
        raise SystemExit(0)
def words(candidates, rng):
    return [Query(0)]
"""

SOURCES = """
import dataclasses
from pathlib import Path
import polars as pl
import pyarrow as pa
from mbml.errors import SourceError
from mbml.sources.batch import ARCHITECTURE_SCHEMA, EPOCH_SCHEMA, RUN_SCHEMA, Batch

TABLES = dict(architectures=ARCHITECTURE_SCHEMA.empty_table(), runs=RUN_SCHEMA.empty_table(),
              epochs=EPOCH_SCHEMA.empty_table(), records=1, bytes_done=1)

class S:
    benchmark, format, release = "nasbench201", "mine", None
    def __init__(self, path, batches, **more):
        self.path, self.files, self._batches = path, (path,), batches
        self.__dict__.update(more)
    def batches(self):
        for one in self._batches:
            if isinstance(one, BaseException):
                raise one
            yield one

def of(*batches, **more):
    return lambda path: [S(path, batches, **more)]

def exits(path):
    raise SystemExit(0)
def nothing(path):
    return []
def none(path):
    return None
def junk(path):
    return [3]
stops = of(SystemExit(0))
interrupts = of(KeyboardInterrupt())
words = of("a batch")
no_table = of(Batch(**TABLES | {"runs": 3}))
columns = of(Batch(**TABLES | {"epochs": RUN_SCHEMA.empty_table()}))
no_texts = {name: pa.array([], pa.string()) for name in RUN_SCHEMA.names}
kinds = of(Batch(**TABLES | {"runs": pa.table(no_texts)}))
unknown = {one.name: pa.nulls(1, one.type) for one in RUN_SCHEMA}
nulls = of(Batch(**TABLES | {"runs": pa.table(unknown, RUN_SCHEMA)}))
count = of(Batch(**TABLES | {"records": None}))
benchmark = of(benchmark="other")
files = of(files=(Path("absent"),))
one_row = {
    one.name: pa.nulls(1, one.type) if one.nullable else pa.array([7], one.type)
    for one in EPOCH_SCHEMA
}
orphans = of(Batch(**TABLES | {"epochs": pa.table(one_row, EPOCH_SCHEMA)}))
damaged = of(SourceError("file", "row 3", "is wrong"))
"""

SECTIONS = """
import altair as alt
import polars as pl
from mbml.reports.content import Drawing, Figure, Paragraph, Section, Table

def of(*blocks, name="mine"):
    return lambda material: [Section(name=name, title="Mine", blocks=blocks)]

def exits(material):
    raise SystemExit(0)
def none(material):
    return None
def words(material):
    return ["words"]
blocks = of("words")
frame = lambda material: of(Table(name="t", caption="c", frame=3))(material)
up = of(Table(name="../t", caption="c", frame=pl.DataFrame({"a": [1]})))
spread = of(Table(name="t", caption="c", frame=pl.DataFrame({"a": [1]}), spread={"a": "b"}))
nested = of(Table(name="t", caption="c", frame=pl.DataFrame({"a": [[1]]})))
chart = of(Figure(name="f", caption="c", alt="a", chart=3))
class Chart:
    def to_dict(self):
        return {"mark": 3}
vega = of(Figure(name="f", caption="c", alt="a", chart=Chart()))
drawing = of(Drawing(name="d", caption="c", alt="a", svg="no svg"))
anchor = of(name='x" onclick="')
taken = of(name="loaded")
good = of(Paragraph(text="all is well"), name="good")
"""

HANGS = """
import ctypes, signal, time
from pathlib import Path
from sklearn.linear_model import LinearRegression
from mbml.predictors.registry import Predictor

class Hung(LinearRegression):
    def fit(self, X, y):
        Path("begun").touch()
        if {how!r} == "ignores":
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(600)
        # Holds the interpreter's lock: no thread of Python runs meanwhile.
        ctypes.PyDLL(None).sleep(600)

mine = Predictor(name="mine", meaning="m", make=lambda seed: Hung())
"""
