-- Losses are zero or more; that of a diverged training may be infinite or NaN.
select
    run_id,
    epoch,
    train_loss,
    valid_loss,
    test_loss,
    valid_test_loss
from epoch_metric
where least(train_loss, valid_loss, test_loss, valid_test_loss) < 0;
