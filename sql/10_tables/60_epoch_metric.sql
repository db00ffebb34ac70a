create table if not exists epoch_metric (
    run_id uinteger not null,
    epoch usmallint not null,
    train_accuracy double,
    train_top5_accuracy double,
    train_loss double,
    valid_accuracy double,
    valid_loss double,
    test_accuracy double,
    test_loss double,
    valid_test_accuracy double,
    valid_test_loss double,
    train_seconds double,
    valid_seconds double,
    test_seconds double,
    valid_test_seconds double
);

comment on table epoch_metric is 'A run after one of its epochs; NULL where it was not evaluated';
comment on column epoch_metric.run_id is 'Run';
comment on column epoch_metric.epoch is 'Finished epochs; 0 is before training';
comment on column epoch_metric.train_accuracy is 'Top-1 accuracy on training images, a fraction';
comment on column epoch_metric.train_top5_accuracy is 'Top-5 accuracy on training images, a fraction';
comment on column epoch_metric.train_loss is 'Cross-entropy on training images';
comment on column epoch_metric.valid_accuracy is 'Top-1 accuracy on validation images, a fraction';
comment on column epoch_metric.valid_loss is 'Cross-entropy on validation images';
comment on column epoch_metric.test_accuracy is 'Top-1 accuracy on test images, a fraction';
comment on column epoch_metric.test_loss is 'Cross-entropy on test images';
comment on column epoch_metric.valid_test_accuracy is 'Top-1 accuracy on validation and test images together, a fraction';
comment on column epoch_metric.valid_test_loss is 'Cross-entropy on validation and test images together';
comment on column epoch_metric.train_seconds is 'Seconds of training since the start';
comment on column epoch_metric.valid_seconds is 'Seconds of evaluation on validation images since the start';
comment on column epoch_metric.test_seconds is 'Seconds of evaluation on test images since the start';
comment on column epoch_metric.valid_test_seconds is 'Seconds of evaluation on validation and test images together since the start';
