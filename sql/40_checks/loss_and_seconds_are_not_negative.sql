-- Losses and times are zero or more; a diverged loss may be infinite or NaN.
select
    run_id,
    epoch,
    train_loss,
    valid_loss,
    test_loss,
    valid_test_loss,
    train_seconds,
    valid_seconds,
    test_seconds,
    valid_test_seconds
from epoch_metric
where
    least(train_loss, valid_loss, test_loss, valid_test_loss) < 0
    or least(train_seconds, valid_seconds, test_seconds, valid_test_seconds) < 0;
