-- Accuracies lie in [0, 1]; NaN is greater than every number here, so it is found too.
select
    run_id,
    epoch,
    train_accuracy,
    train_top5_accuracy,
    valid_accuracy,
    test_accuracy,
    valid_test_accuracy
from epoch_metric
where
    train_accuracy not between 0 and 1
    or train_top5_accuracy not between 0 and 1
    or valid_accuracy not between 0 and 1
    or test_accuracy not between 0 and 1
    or valid_test_accuracy not between 0 and 1;
