-- What a column means is the same in every view, so it is said here once;
-- opening a warehouse for writing puts these texts on the columns of all views.
create or replace view view_column as
select
    meanings.column_name,
    meanings.meaning
from (
    values
    ('arch_id', 'Id of the architecture in this warehouse'),
    ('arch_key', 'Key in the benchmark itself: module hash or architecture string'),
    ('hash_order', 'First 60 bits of the module hash: sorts cells by their hash'),
    ('arch_index', 'Index in the benchmark''s own order'),
    ('graph_id', 'The same for isomorphic cells'),
    ('release', 'Published release; surrogate if any loaded file is one'),
    ('functional_id', 'The same for cells that compute the same function'),
    (
        'graph_adjacency',
        'Row-major bits: which vertex feeds which; NAS-Bench-201 without what is on no path'
    ),
    (
        'graph_operations',
        'Operation of each vertex, comma-joined, in the vocabulary of all spaces'
    ),
    ('epoch', 'Finished epochs'),
    ('conv_num_layers', 'Convolutions in the cell'),
    ('conv_kernel_min', 'Smallest kernel size of its convolutions; 0 without any'),
    ('conv_kernel_max', 'Largest kernel size of its convolutions; 0 without any'),
    (
        'conv_kernel_mode',
        'Commonest kernel size of its convolutions, the smaller one on a tie; 0 without any'
    ),
    ('maxpool_num_layers', 'Max-pooling operations in the cell'),
    ('avg_pool_num_layers', 'Average-pooling operations in the cell'),
    ('skip_connection_num_layers', 'Skip connections in the cell'),
    ('zeroize_num_layers', 'Zeroed edges of the cell'),
    ('width_1', 'Channels of layer 1 of 5: the stem and the first cell'),
    ('width_2', 'Channels of layer 2 of 5: the first residual block'),
    ('width_3', 'Channels of layer 3 of 5: the second cell'),
    ('width_4', 'Channels of layer 4 of 5: the second residual block'),
    ('width_5', 'Channels of layer 5 of 5: the third cell'),
    (
        'parameters',
        'Trainable parameters of the network; where trials disagree, those of trial 888'
    ),
    (
        'flops',
        'Floating-point operations of a forward pass; where trials disagree, those of trial 888'
    ),
    ('latency_seconds', 'Latency of one batch in seconds, mean over trials'),
    (
        'trials',
        'Trials that the means are over, where they have the metric; NULL for a summary'
    ),
    ('train_accuracy', 'Top-1 accuracy on training images, a fraction: mean over trials'),
    ('train_top5_accuracy', 'Top-5 accuracy on training images, a fraction: mean over trials'),
    ('train_loss', 'Cross-entropy on training images: mean over trials'),
    ('valid_accuracy', 'Top-1 accuracy on validation images, a fraction: mean over trials'),
    ('valid_loss', 'Cross-entropy on validation images: mean over trials'),
    ('test_accuracy', 'Top-1 accuracy on test images, a fraction: mean over trials'),
    ('test_loss', 'Cross-entropy on test images: mean over trials'),
    (
        'valid_test_accuracy',
        'Top-1 accuracy on validation and test images together, a fraction: mean over trials'
    ),
    ('valid_test_loss', 'Cross-entropy on validation and test images together: mean over trials'),
    ('train_seconds', 'Seconds of training since the start: mean over trials'),
    (
        'valid_seconds',
        'Seconds of evaluation on validation images since the start: mean over trials'
    ),
    ('test_seconds', 'Seconds of evaluation on test images since the start: mean over trials'),
    (
        'valid_test_seconds',
        'Seconds of evaluation on validation and test images together: mean over trials'
    ),
    (
        'train_accuracy_std',
        'Top-1 accuracy on training images, a fraction: population deviation; NULL for a summary'
    ),
    (
        'train_top5_accuracy_std',
        'Top-5 accuracy on training images, a fraction: population deviation; NULL for a summary'
    ),
    (
        'valid_accuracy_std',
        'Top-1 accuracy on validation images, a fraction: population deviation; NULL for a summary'
    ),
    (
        'test_accuracy_std',
        'Top-1 accuracy on test images, a fraction: population deviation; NULL for a summary'
    ),
    (
        'valid_test_accuracy_std',
        'Accuracy on validation and test images together: population deviation; NULL for a summary'
    ),
    (
        'halfway_train_accuracy',
        'Top-1 accuracy on training images at half the schedule, a fraction: mean over trials'
    ),
    (
        'halfway_valid_accuracy',
        'Top-1 accuracy on validation images at half the schedule, a fraction: mean over trials'
    ),
    (
        'halfway_test_accuracy',
        'Top-1 accuracy on test images at half the schedule, a fraction: mean over trials'
    ),
    ('halfway_train_seconds', 'Seconds of training up to half the schedule: mean over trials'),
    ('benchmark', 'Benchmark that the architecture belongs to'),
    ('module_hash', 'Key of a NAS-Bench-101 cell; NULL elsewhere'),
    ('adjacency', 'Row-major adjacency bits of a NAS-Bench-101 cell; NULL elsewhere'),
    ('operations', 'Comma-joined operations of a NAS-Bench-101 cell; NULL elsewhere'),
    ('arch_str', 'Architecture string of NAS-Bench-201 or of the size space; NULL elsewhere'),
    ('dataset', 'Data set of the training'),
    ('schedule_epochs', 'Length of the training schedule, in epochs'),
    ('trial', 'Seed, or order of arrival from 1 (NAS-Bench-101); 0 is one summary value'),
    ('seeds', 'Seeds of the trials, in ascending order'),
    ('total_seconds', 'Whole time of the run with its evaluations, in seconds'),
    ('seconds_are_measured', 'False if the benchmark derived the times from other runs')
) as meanings (column_name, meaning);

comment on view view_column is 'Meaning of each column that a view may have';
comment on column view_column.column_name is 'Column';
comment on column view_column.meaning is 'What it holds, with unit and rule';
