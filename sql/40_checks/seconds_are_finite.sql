-- Times up to an epoch are finite, and zero or more.
select
    run_id,
    epoch,
    train_seconds,
    valid_seconds,
    test_seconds,
    valid_test_seconds
from epoch_metric
where
    not (isfinite(train_seconds) and train_seconds >= 0)
    or not (isfinite(valid_seconds) and valid_seconds >= 0)
    or not (isfinite(test_seconds) and test_seconds >= 0)
    or not (isfinite(valid_test_seconds) and valid_test_seconds >= 0);
