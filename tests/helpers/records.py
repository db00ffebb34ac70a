"""NAS-Bench-101 records made and read with Google's protobuf: independent of the package."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from mbml.sources.nasbench101.source import NasBench101Source
from mbml.sources.tfrecord.framing import masked_crc, record_header

if TYPE_CHECKING:
    from pathlib import Path

#: The official first record's cell.
HASH = "00005c142e6f48ac74fdcf73e3439874"
BITS = "0100110001000000010010000010000001000000010000000"
OPERATIONS = (
    "input,conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,output"
)

EVALUATION_FIELDS = (
    "current_epoch",
    "training_time",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
)


def _model_metrics():
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="model_metrics.proto", package="nasbench")
    file.syntax = "proto2"
    model = file.message_type.add(name="ModelMetrics")
    for number, name, kind, label in (
        (1, "evaluation_data", field.TYPE_MESSAGE, field.LABEL_REPEATED),
        (2, "trainable_parameters", field.TYPE_INT32, field.LABEL_OPTIONAL),
        (3, "total_time", field.TYPE_DOUBLE, field.LABEL_OPTIONAL),
    ):
        added = model.field.add(name=name, number=number, type=kind, label=label)
        if kind == field.TYPE_MESSAGE:
            added.type_name = ".nasbench.EvaluationData"
    evaluation = file.message_type.add(name="EvaluationData")
    for number, name in enumerate(EVALUATION_FIELDS, start=1):
        evaluation.field.add(
            name=name, number=number, type=field.TYPE_DOUBLE, label=field.LABEL_OPTIONAL
        )
    evaluation.field.add(
        name="checkpoint_path", number=6, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("nasbench.ModelMetrics"))


ModelMetrics = _model_metrics()

FIRST_RECORD = (
    (0.0, 0.0, 0.1002604141831398, 0.09775640815496445, 0.09985977411270142),
    (2.0, 45.152000427246094, 0.10166265815496445, 0.10526842623949051, 0.10436698794364929),
    (4.0, 89.90399932861328, 0.3498597741127014, 0.3489583432674408, 0.35046073794364929),
)


def message(evaluations=FIRST_RECORD, parameters=8_555_530, total_time=413.7) -> bytes:
    """Metrics as protobuf writes them."""
    model = ModelMetrics(trainable_parameters=parameters, total_time=total_time)
    for values in evaluations:
        model.evaluation_data.add(**dict(zip(EVALUATION_FIELDS, values, strict=True)))
    return model.SerializeToString()


def payload(
    metrics: bytes | None = None,
    *,
    module_hash: object = HASH,
    epochs: object = 4,
    bits: object = BITS,
    operations: object = OPERATIONS,
) -> bytes:
    """A record as the official writer, Python's json and base64 modules, makes it."""
    text = base64.encodebytes(message() if metrics is None else metrics).decode()
    return json.dumps([module_hash, epochs, bits, operations, text]).encode()


def frame(payload: bytes) -> bytes:
    """A payload as the record that holds it."""
    return record_header(len(payload)) + payload + struct.pack("<I", masked_crc(payload))


def write(path: Path, payloads) -> Path:
    """A file of these payloads."""
    with path.open("wb") as stream:
        stream.writelines(map(frame, payloads))
    return path


def split(data: bytes) -> list[bytes]:
    """The payloads of a file's bytes, by the lengths alone."""
    payloads = []
    position = 0
    while position < len(data):
        (length,) = struct.unpack_from("<Q", data, position)
        payloads.append(data[position + 12 : position + 12 + length])
        position += 16 + length
    return payloads


def oracle(payloads) -> list[dict]:
    """One row a training and evaluation, in the file's order."""
    rows = []
    trials: dict = {}
    for one in payloads:
        module_hash, epochs, bits, operations, text = json.loads(one)
        model = ModelMetrics.FromString(base64.b64decode(text))
        trials[module_hash, epochs] = trials.get((module_hash, epochs), 0) + 1
        rows += [
            {
                "native_key": module_hash,
                "adjacency": bits,
                "operations": operations,
                "schedule_epochs": epochs,
                "trial": trials[module_hash, epochs],
                "parameters": _given(model, "trainable_parameters"),
                "total_seconds": _given(model, "total_time"),
                "epoch": evaluation.current_epoch,
                "train_seconds": _given(evaluation, "training_time"),
                "train_accuracy": _given(evaluation, "train_accuracy"),
                "valid_accuracy": _given(evaluation, "validation_accuracy"),
                "test_accuracy": _given(evaluation, "test_accuracy"),
            }
            for evaluation in model.evaluation_data
        ]
    return rows


def _given(model, name):
    return getattr(model, name) if model.HasField(name) else None


def read(path: Path, **options) -> list[dict]:
    """What `NasBench101Source` hands over, joined into rows as `oracle` has them."""
    architectures: dict = {}
    runs: dict = {}
    rows = []
    for batch in NasBench101Source(path, **options).batches():
        architectures |= {row["arch"]: row for row in batch.architectures.to_pylist()}
        runs |= {row["run"]: row for row in batch.runs.to_pylist()}
        for epoch in batch.epochs.to_pylist():
            run = runs[epoch["run"]]
            rows.append(architectures[run["arch"]] | run | epoch)
    return rows


def expected_of(rows: list[dict]) -> list[dict]:
    """The same rows with the columns of `oracle` alone."""
    names = oracle([payload()])[0].keys()
    return [{name: row[name] for name in names} for row in rows]
