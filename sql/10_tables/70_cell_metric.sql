-- Kept by every load in the transaction that changes its runs, so that views answer at once.
create table if not exists cell_metric (
    arch_id uinteger not null,
    dataset text not null,
    schedule_epochs usmallint not null,
    epoch usmallint not null,
    trials usmallint,
    parameters uinteger,
    flops ubigint,
    latency_seconds double,
    train_accuracy double,
    train_accuracy_std double,
    train_top5_accuracy double,
    train_top5_accuracy_std double,
    train_loss double,
    train_loss_std double,
    valid_accuracy double,
    valid_accuracy_std double,
    valid_loss double,
    valid_loss_std double,
    test_accuracy double,
    test_accuracy_std double,
    test_loss double,
    test_loss_std double,
    valid_test_accuracy double,
    valid_test_accuracy_std double,
    valid_test_loss double,
    valid_test_loss_std double,
    train_seconds double,
    train_seconds_std double,
    valid_seconds double,
    valid_seconds_std double,
    test_seconds double,
    test_seconds_std double,
    valid_test_seconds double,
    valid_test_seconds_std double,
    halfway_train_accuracy double,
    halfway_valid_accuracy double,
    halfway_test_accuracy double,
    halfway_train_seconds double
);

comment on table cell_metric is 'Summary over the trials of an architecture in one schedule on one data set, after one epoch';
comment on column cell_metric.arch_id is 'Architecture';
comment on column cell_metric.dataset is 'Data set it was trained on';
comment on column cell_metric.schedule_epochs is 'Length of the training schedule, in epochs';
comment on column cell_metric.epoch is 'Finished epochs; 0 is before training';
comment on column cell_metric.trials is
'Trials that have this epoch; means are over those of them that have the metric. NULL for a summary';
comment on column cell_metric.parameters is
'Trainable parameters; where trials disagree, those of trial 888, or else of the first trial';
comment on column cell_metric.flops is
'Floating-point operations for one image, as the benchmark counts them; where trials disagree, those of trial 888, or else of the first trial';
comment on column cell_metric.latency_seconds is
'Latency of one batch in seconds, mean over the trials that have one';
comment on column cell_metric.train_accuracy is
'Top-1 accuracy on training images, a fraction: mean over trials';
comment on column cell_metric.train_accuracy_std is
'Top-1 accuracy on training images, a fraction: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.train_top5_accuracy is
'Top-5 accuracy on training images, a fraction: mean over trials';
comment on column cell_metric.train_top5_accuracy_std is
'Top-5 accuracy on training images, a fraction: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.train_loss is
'Cross-entropy on training images: mean over trials';
comment on column cell_metric.train_loss_std is
'Cross-entropy on training images: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.valid_accuracy is
'Top-1 accuracy on validation images, a fraction: mean over trials';
comment on column cell_metric.valid_accuracy_std is
'Top-1 accuracy on validation images, a fraction: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.valid_loss is
'Cross-entropy on validation images: mean over trials';
comment on column cell_metric.valid_loss_std is
'Cross-entropy on validation images: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.test_accuracy is
'Top-1 accuracy on test images, a fraction: mean over trials';
comment on column cell_metric.test_accuracy_std is
'Top-1 accuracy on test images, a fraction: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.test_loss is
'Cross-entropy on test images: mean over trials';
comment on column cell_metric.test_loss_std is
'Cross-entropy on test images: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.valid_test_accuracy is
'Top-1 accuracy on validation and test images together, a fraction: mean over trials';
comment on column cell_metric.valid_test_accuracy_std is
'Top-1 accuracy on validation and test images together, a fraction: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.valid_test_loss is
'Cross-entropy on validation and test images together: mean over trials';
comment on column cell_metric.valid_test_loss_std is
'Cross-entropy on validation and test images together: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.train_seconds is
'Training time since the start, in seconds: mean over trials';
comment on column cell_metric.train_seconds_std is
'Training time since the start, in seconds: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.valid_seconds is
'Time of evaluation on validation images since the start, in seconds: mean over trials';
comment on column cell_metric.valid_seconds_std is
'Time of evaluation on validation images since the start, in seconds: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.test_seconds is
'Time of evaluation on test images since the start, in seconds: mean over trials';
comment on column cell_metric.test_seconds_std is
'Time of evaluation on test images since the start, in seconds: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.valid_test_seconds is
'Time of evaluation on validation and test images together since the start, in seconds: mean over trials';
comment on column cell_metric.valid_test_seconds_std is
'Time of evaluation on validation and test images together since the start, in seconds: population standard deviation over trials; NULL for a summary';
comment on column cell_metric.halfway_train_accuracy is
'Top-1 accuracy on training images at half the schedule, a fraction: mean over trials; only NAS-Bench-101, at the last epoch';
comment on column cell_metric.halfway_valid_accuracy is
'Top-1 accuracy on validation images at half the schedule, a fraction: mean over trials; only NAS-Bench-101, at the last epoch';
comment on column cell_metric.halfway_test_accuracy is
'Top-1 accuracy on test images at half the schedule, a fraction: mean over trials; only NAS-Bench-101, at the last epoch';
comment on column cell_metric.halfway_train_seconds is
'Training time up to half the schedule, in seconds: mean over trials; only NAS-Bench-101, at the last epoch';
