"""`mbml export --layout published`: the paper's CSV files, as far as its notebooks print them."""

import ast
import csv

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.exports import export_published
from mbml.spaces import nasbench101

VIEW = "meta_nasbench201_cifar100_200epochs"
COLUMNS_101 = (
    "module_adjacency,module_operations,trainable_parameters,final_training_time,"
    "final_train_accuracy,final_validation_accuracy,final_test_accuracy,halfway_training_time,"
    "halfway_train_accuracy,halfway_validation_accuracy,halfway_test_accuracy,conv_num_layers,"
    "conv_kernel_min,conv_kernel_max,conv_kernel_mode,maxpool_usage,maxpool_num_layers"
)
COLUMNS_201 = (
    ",id_arch,str_arch,layers_all,adjacency_matrix,dataset,epoch,conv_num_layers,conv_kernel_min,"
    "conv_kernel_max,conv_kernel_mode,avg_pool_num_layers,skip_connection_num_layers,"
    "zeroize_num_layers,flops,params,latency,time_train,time_valid,time_test,loss_train,"
    "loss_valid,loss_test,acc_train,acc_valid,acc_test"
)
CELL_0 = (
    "0,0,|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|"
    "skip_connect~2|,\"['avg_pool_3x3', 'nor_conv_1x1', 'skip_connect', 'nor_conv_1x1',"
    " 'skip_connect', 'skip_connect']\",\"[[0. 0. 0. 0.]\n [4. 0. 0. 0.]\n [2. 1. 0. 0.]\n"
    ' [2. 1. 1. 0.]]",cifar10-valid,4,2,1,1,1,1,3,0,15.647370,0.129306,0.013936,28.884372,'
    "10.195917,,1.504583,1.919403,,44.164000,35.352000,\n"
)


@pytest.fixture
def exported(new_warehouse, mbml, tmp_path):
    """Load rows, export a view in the published layout, and return the file's text."""

    def run(rows, view):
        path = tmp_path / "w.duckdb"
        with new_warehouse(path) as warehouse:
            load_rows(warehouse, rows, tmp_path / "rows.parquet")
        call = ("export", view, "--layout", "published", "--to", tmp_path, "--warehouse", path)
        [made] = mbml.json(*call)
        name = made["path"].rpartition("/")[2]
        return name, (tmp_path / name).read_bytes().decode()

    return run


def test_the_row_that_the_notebooks_print(exported):
    rows = nasbench201_rows(
        1,
        dataset="cifar10-valid",
        epoch=4,
        parameters=129306,
        flops=15_647_370,
        latency_seconds=0.013936,
        train_seconds=28.884372,
        valid_seconds=10.195917,
        train_loss=1.504583,
        valid_loss=1.919403,
        train_accuracy=0.44164,
        valid_accuracy=0.35352,
    ).drop("test_accuracy")
    name, text = exported(rows, "meta_nasbench201_cifar10valid_4epochs")
    assert name == "nasbench201_cifar10valid_4epochs.csv"
    assert text == f"{COLUMNS_201}\n{CELL_0}"


def test_rows_are_in_official_order_whatever_the_files(exported):
    rows = nasbench201_rows(40).reverse()
    _, text = exported(rows, "meta_nasbench201_cifar100_200epochs")
    read = pl.read_csv(text.encode())
    assert read[""].to_list() == read["id_arch"].to_list() == list(range(40))
    assert read["acc_valid"].to_list() == pytest.approx([50 + one / 2 for one in range(40)])
    assert read["flops"].null_count() == 40


def written(row):
    """A row's cell as the command line takes it."""
    bits = "".join(one for one in row["module_adjacency"] if one in "01")
    return f"{bits}:{','.join(ast.literal_eval(row['module_operations']))}"


def test_nasbench101_is_in_fractions_by_hash(exported):
    rows = nasbench101_rows(trial=0, train_seconds=90.1930009, valid_accuracy=0.3424805)
    name, text = exported(rows, "meta_nasbench101_108epochs")
    assert name == "nasbench101_108epochs_tabular.csv"
    assert text.partition("\n")[0] == COLUMNS_101
    read = list(csv.DictReader(text.splitlines(keepends=True)))
    hashes = [nasbench101.parse(cell).graph_id for cell in map(written, read)]
    assert hashes == sorted(hashes)
    first = next(row for row in read if "1x1" in row["module_operations"])
    assert first["module_adjacency"] == "[[0 1 0]\n [0 0 1]\n [0 0 0]]"
    assert first["module_operations"] == "['input', 'conv1x1-bn-relu', 'output']"
    assert first["trainable_parameters"] == "1000"
    assert first["final_training_time"] == "90.193001"
    assert first["final_validation_accuracy"] == "0.342481"
    assert first["final_test_accuracy"] == "0.200000"
    assert first["halfway_test_accuracy"] == ""
    kernels = [first[f"conv_{name}"] for name in ("num_layers", "kernel_min", "kernel_mode")]
    assert kernels == ["1", "1", "1"]
    assert (first["maxpool_usage"], first["maxpool_num_layers"]) == ("0", "0")


def test_only_the_file_of_108_epochs_tells_of_the_use_of_pooling(exported):
    _, text = exported(nasbench101_rows(epoch=4, schedule_epochs=4), "meta_nasbench101_4epochs")
    assert text.partition("\n")[0] == COLUMNS_101.replace("maxpool_usage,", "")


def test_invented_numbers_are_named_so(new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(3), tmp_path / "surrogate.parquet")
        path = export_published(warehouse, "meta_nasbench201_cifar100_200epochs", tmp_path)
    assert path.name == "nasbench201_cifar100_200epochs_surrogate.csv"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("meta_nasbench201_cifar10_200epochs", "--layout", "published"), "published layout"),
        (("meta_nasbench201_cifar100_hp12", "--layout", "published"), "published layout"),
        (("measurement", "--layout", "published"), "published layout"),
        (("measurement", "--layout", "publishd"), "did you mean 'published'"),
        ((VIEW, "--layout", "published", "--format", "parquet"), "leave out --format"),
        ((VIEW, "--layout", "published", "--one-file"), "leave out --format and --one-file"),
    ],
)
def test_what_the_paper_has_no_file_of_is_refused(mbml, tmp_path, options, said):
    assert said in mbml("export", *options, "--to", tmp_path / "to", expect=2).stderr
    assert not (tmp_path / "to").exists()


def test_a_taken_name_is_kept_unless_told_otherwise(mbml, tmp_path):
    view = "meta_nasbench201_cifar100_200epochs"
    call = ("export", view, "--layout", "published", "--to", tmp_path)
    mbml(*call)
    assert "exists already" in mbml(*call, expect=2).stderr
    mbml(*call, "--overwrite")


@pytest.mark.realdata
def test_real_curves_of_the_first_cells(real_data, exported):
    curves = pl.read_parquet(real_data / "nasbench201" / "learning_curves_200.parquet")
    rows = curves.filter(pl.col("epoch").is_in([4, 12]))
    _, text = exported(rows, "meta_nasbench201_cifar10valid_4epochs")
    read = list(csv.DictReader(text.splitlines(keepends=True)))
    accuracies = [(row["acc_train"], row["acc_valid"], row["acc_test"]) for row in read[:4]]
    assert accuracies == [
        ("44.164000", "35.352000", ""),
        ("66.194667", "56.922667", ""),
        ("46.269333", "42.048000", ""),
        ("59.390667", "53.446667", ""),
    ]
    assert read[3]["layers_all"].startswith("['avg_pool_3x3', 'skip_connect', 'none', 'none'")
    assert read[1]["adjacency_matrix"].startswith("[[0. 0. 0. 0.]\n [3. 0. 0. 0.]\n [3. 4. 0. 0.]")
