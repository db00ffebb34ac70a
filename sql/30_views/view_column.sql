-- What a column means, said once for all views that it is the same in: those that a pattern fits
-- (`*` is any text). Of several patterns that fit, the longest counts. Opening a warehouse for
-- writing puts these texts on the columns of the views, and of the table cell_value.
create or replace view view_column as
select
    meanings.view_pattern,
    meanings.column_name,
    meanings.meaning
from (
    values
    ('*', 'arch_id', 'Id of the architecture in this warehouse'),
    ('*', 'arch_key', 'Key in the benchmark itself: the architecture string'),
    ('meta_nasbench101_*', 'arch_key', 'Key in the benchmark itself: the module hash'),
    (
        'meta_natsbench_sss_*',
        'arch_key',
        'Key in the benchmark itself: the five widths, joined by colons'
    ),
    ('*', 'hash_order', 'First 60 bits of the module hash: sorts cells by their hash'),
    ('*', 'arch_index', 'Index in the benchmark''s own order'),
    (
        'measurement',
        'arch_index',
        'Index in the benchmark''s own order; NULL for NAS-Bench-101, which has none'
    ),
    ('*', 'graph_id', 'The same for isomorphic cells'),
    ('meta_natsbench_sss_*', 'graph_id', 'The five widths: no two networks are equivalent'),
    ('*', 'release', 'Published release; surrogate if any loaded file is one'),
    ('*', 'functional_id', 'The same for cells that compute the same function'),
    ('meta_nasbench101_*', 'functional_id', 'The same as graph_id'),
    ('meta_natsbench_sss_*', 'functional_id', 'The five widths: no two networks are equivalent'),
    (
        '*',
        'graph_adjacency',
        'Row-major bits: which vertex feeds which; NAS-Bench-201 without what is on no path'
    ),
    (
        '*',
        'graph_operations',
        'Operation of each vertex, comma-joined, in the vocabulary of all spaces'
    ),
    ('*', 'epoch', 'Finished epochs'),
    ('measurement', 'epoch', 'Finished epochs; 0 is before training'),
    ('*', 'conv_num_layers', 'Convolutions in the cell'),
    ('*', 'conv_kernel_min', 'Smallest kernel size of its convolutions; 0 without any'),
    ('*', 'conv_kernel_max', 'Largest kernel size of its convolutions; 0 without any'),
    (
        '*',
        'conv_kernel_mode',
        'Commonest kernel size of its convolutions, the smaller one on a tie; 0 without any'
    ),
    (
        '*',
        'listed_by_authors',
        'Whether the generator of NAS-Bench-1Shot1''s authors lists the cell: each vertex feeds the next one'
    ),
    ('*', 'maxpool_num_layers', 'Max-pooling operations in the cell'),
    ('*', 'avg_pool_num_layers', 'Average-pooling operations in the cell'),
    ('*', 'skip_connection_num_layers', 'Skip connections in the cell'),
    ('*', 'zeroize_num_layers', 'Zeroed edges of the cell'),
    ('*', 'width_1', 'Channels of layer 1 of 5: the stem and the first cell'),
    ('*', 'width_2', 'Channels of layer 2 of 5: the first residual block'),
    ('*', 'width_3', 'Channels of layer 3 of 5: the second cell'),
    ('*', 'width_4', 'Channels of layer 4 of 5: the second residual block'),
    ('*', 'width_5', 'Channels of layer 5 of 5: the third cell'),
    (
        '*',
        'parameters',
        'Trainable parameters; where trials disagree, those of trial 888, or else of the first trial'
    ),
    (
        'meta_nasbench101_*',
        'parameters',
        'Trainable parameters; where trials disagree, those of the first trial'
    ),
    ('measurement', 'parameters', 'Trainable parameters of the network'),
    (
        '*',
        'flops',
        'Multiply-accumulates for one image (FLOPs); where trials disagree, as for parameters'
    ),
    (
        'meta_nasbench101_*',
        'flops',
        'Floating-point operations for one image; NULL in the published files'
    ),
    (
        'measurement',
        'flops',
        'Floating-point operations for one image, as the benchmark counts them'
    ),
    ('*', 'latency_seconds', 'Latency of one batch in seconds, mean over the trials that have one'),
    (
        'meta_nasbench101_*',
        'latency_seconds',
        'Latency of one batch in seconds, mean over trials; NULL in the published files'
    ),
    ('measurement', 'latency_seconds', 'Latency of one batch in seconds'),
    (
        '*',
        'trials',
        'Trials with this epoch (a mean is over those with the metric); NULL for a summary'
    ),
    ('*', 'train_accuracy', 'Top-1 accuracy on training images, a fraction: mean over trials'),
    ('measurement', 'train_accuracy', 'Top-1 accuracy on training images, a fraction'),
    ('*', 'valid_accuracy', 'Top-1 accuracy on validation images, a fraction: mean over trials'),
    ('measurement', 'valid_accuracy', 'Top-1 accuracy on validation images, a fraction'),
    (
        '*_cifar10',
        'valid_accuracy',
        'NULL in the published files: trained without a validation set'
    ),
    (
        '*_cifar10_*',
        'valid_accuracy',
        'NULL in the published files: trained without a validation set'
    ),
    ('*', 'test_accuracy', 'Top-1 accuracy on test images, a fraction: mean over trials'),
    ('measurement', 'test_accuracy', 'Top-1 accuracy on test images, a fraction'),
    (
        '*',
        'valid_test_accuracy',
        'Top-1 accuracy on validation and test images together, a fraction: mean over trials'
    ),
    (
        'measurement',
        'valid_test_accuracy',
        'Top-1 accuracy on validation and test images together, a fraction'
    ),
    ('*', 'train_seconds', 'Seconds of training since the start: mean over trials'),
    ('measurement', 'train_seconds', 'Seconds of training since the start'),
    ('measurement', 'train_top5_accuracy', 'Top-5 accuracy on training images, a fraction'),
    ('measurement', 'train_loss', 'Cross-entropy on training images'),
    ('measurement', 'valid_loss', 'Cross-entropy on validation images'),
    ('measurement', 'test_loss', 'Cross-entropy on test images'),
    ('measurement', 'valid_test_loss', 'Cross-entropy on validation and test images together'),
    ('measurement', 'valid_seconds', 'Seconds of evaluation on validation images since the start'),
    ('measurement', 'test_seconds', 'Seconds of evaluation on test images since the start'),
    (
        'measurement',
        'valid_test_seconds',
        'Seconds of evaluation on validation and test images together since the start'
    ),
    (
        '*',
        'train_accuracy_std',
        'Population standard deviation of train_accuracy over trials, a fraction; NULL for a summary'
    ),
    (
        '*',
        'valid_accuracy_std',
        'Population standard deviation of valid_accuracy over trials, a fraction; NULL for a summary'
    ),
    (
        '*_cifar10',
        'valid_accuracy_std',
        'NULL in the published files: trained without a validation set'
    ),
    (
        '*_cifar10_*',
        'valid_accuracy_std',
        'NULL in the published files: trained without a validation set'
    ),
    (
        'everything_nasbench201_cifar10',
        'valid_accuracy',
        'Top-1 accuracy on validation images, a fraction: mean over trials'
    ),
    (
        'everything_nasbench201_cifar10',
        'valid_accuracy_std',
        'Population standard deviation of valid_accuracy over trials, a fraction; NULL for a summary'
    ),
    (
        '*',
        'whole_training_test_accuracy',
        'Test accuracy after training on all training images (CIFAR-10; else NULL): mean over trials'
    ),
    (
        '*',
        'whole_training_test_accuracy_std',
        'Population standard deviation of whole_training_test_accuracy; NULL for a summary'
    ),
    (
        '*',
        'test_accuracy_std',
        'Population standard deviation of test_accuracy over trials, a fraction; NULL for a summary'
    ),
    (
        '*',
        'valid_test_accuracy_std',
        'Population standard deviation of valid_test_accuracy over trials, a fraction; NULL for a summary'
    ),
    (
        '*',
        'halfway_train_accuracy',
        'Top-1 accuracy on training images at half the schedule, a fraction: mean over trials'
    ),
    (
        '*',
        'halfway_valid_accuracy',
        'Top-1 accuracy on validation images at half the schedule, a fraction: mean over trials'
    ),
    (
        '*',
        'halfway_test_accuracy',
        'Top-1 accuracy on test images at half the schedule, a fraction: mean over trials'
    ),
    ('*', 'halfway_train_seconds', 'Seconds of training up to half the schedule: mean over trials'),
    ('*', 'benchmark', 'Benchmark that the architecture belongs to'),
    ('*', 'module_hash', 'Key of a NAS-Bench-101 cell; NULL elsewhere'),
    ('*', 'adjacency', 'Row-major adjacency bits of a NAS-Bench-101 cell; NULL elsewhere'),
    ('*', 'operations', 'Comma-joined operations of a NAS-Bench-101 cell; NULL elsewhere'),
    ('*', 'arch_str', 'Architecture string of NAS-Bench-201 or of the size space; NULL elsewhere'),
    ('*', 'dataset', 'Data set of the training'),
    ('*', 'schedule_epochs', 'Length of the training schedule, in epochs'),
    ('*', 'trial', 'Seed, or order of arrival from 1 (NAS-Bench-101); 0 is one summary value'),
    ('*', 'seeds', 'Seeds of the trials, in ascending order'),
    ('*', 'total_seconds', 'Whole time of the run with its evaluations, in seconds'),
    (
        '*',
        'seconds_are_measured',
        'False if the benchmark derived the times from other runs; NULL if there are none'
    ),
    ('cell_value', 'dataset', 'Data set of the images')
) as meanings (view_pattern, column_name, meaning)
union all
select
    '*' as view_pattern,
    column_name,
    meaning
from cell_value_meanings();

comment on view view_column is 'Meaning of each column that a view may have';
comment on column view_column.view_pattern is 'Views that it holds for, * for any text';
comment on column view_column.column_name is 'Column';
comment on column view_column.meaning is 'What it holds, with unit and rule';
