-- The rows of the paper's CSV files: its columns, units and texts, all as a CSV file writes them.
-- The two benchmarks' files name their columns otherwise and hold others, so that each has a macro of its own.

-- Six decimals; NULL where not measured, which a file leaves empty.
create or replace macro six_decimals(number) as format('{:.6f}', number);

-- The text of a list in Python: ['a', 'b'].
create or replace macro python_list(names) as
'[''' || array_to_string(names, ''', ''') || ''']';

-- The text of a matrix in NumPy, from the texts of its rows: [[0 1], a new line, then [0 0]].
create or replace macro numpy_matrix(row_texts) as
'[[' || array_to_string(row_texts, ']' || chr(10) || ' [') || ']]';

-- Accuracies are fractions; `maxpool_usage` is left out of all files but that of 108 epochs.
create or replace macro nasbench101_published_layout(of_schedule) as table
    select
        numpy_matrix(list_transform(
            range(architecture.nodes::bigint),
            lambda node: array_to_string(
                string_split(
                    substr(
                        architecture.adjacency,
                        node * architecture.nodes + 1,
                        architecture.nodes::bigint
                    ),
                    ''
                ),
                ' '
            )
        )) as module_adjacency,
        python_list(string_split(architecture.operations, ',')) as module_operations,
        cell.parameters as trainable_parameters,
        six_decimals(cell.train_seconds) as final_training_time,
        six_decimals(cell.train_accuracy) as final_train_accuracy,
        six_decimals(cell.valid_accuracy) as final_validation_accuracy,
        six_decimals(cell.test_accuracy) as final_test_accuracy,
        six_decimals(cell.halfway_train_seconds) as halfway_training_time,
        six_decimals(cell.halfway_train_accuracy) as halfway_train_accuracy,
        six_decimals(cell.halfway_valid_accuracy) as halfway_validation_accuracy,
        six_decimals(cell.halfway_test_accuracy) as halfway_test_accuracy,
        cell.conv_num_layers,
        cell.conv_kernel_min,
        cell.conv_kernel_max,
        cell.conv_kernel_mode,
        (cell.maxpool_num_layers > 0)::integer as maxpool_usage,
        cell.maxpool_num_layers
    from nasbench101_meta_dataset(of_schedule) as cell
    inner join architecture on cell.arch_id = architecture.arch_id
    order by architecture.native_key;

-- The number of an operation on an edge, as NumPy writes a whole float; 0 where there is no edge.
create or replace macro edge_number(operation) as
coalesce(
    list_position(
        ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'], operation
    ) - 1,
    0
) || '.';

-- Row i of the matrix holds the edges that end in node i: 0>1; 0>2, 1>2; 0>3, 1>3, 2>3.
create or replace macro edge_matrix(ops) as
numpy_matrix([
    '0. 0. 0. 0.',
    edge_number(ops[1]) || ' 0. 0. 0.',
    edge_number(ops[2]) || ' ' || edge_number(ops[3]) || ' 0. 0.',
    edge_number(ops[4]) || ' ' || edge_number(ops[5]) || ' ' || edge_number(ops[6]) || ' 0.'
]);

-- After an epoch of the 200-epoch run: accuracies in percent, parameters and FLOPs in millions. The
-- first column of the files, the number of the row, has no name there.
create or replace macro nasbench201_published_layout(of_dataset, of_epoch) as table
    select
        row_number() over (order by cell.arch_index) - 1 as row_index,
        cell.arch_index as id_arch,
        cell.arch_key as str_arch,
        python_list(string_split(architecture.operations, ',')) as layers_all,
        edge_matrix(string_split(architecture.operations, ',')) as adjacency_matrix,
        summary.dataset,
        cell.epoch,
        cell.conv_num_layers,
        cell.conv_kernel_min,
        cell.conv_kernel_max,
        cell.conv_kernel_mode,
        cell.avg_pool_num_layers,
        cell.skip_connection_num_layers,
        cell.zeroize_num_layers,
        six_decimals(cell.flops / 1e6) as flops,
        six_decimals(cell.parameters / 1e6) as params,
        six_decimals(cell.latency_seconds) as latency,
        six_decimals(cell.train_seconds) as time_train,
        six_decimals(summary.valid_seconds) as time_valid,
        six_decimals(summary.test_seconds) as time_test,
        six_decimals(summary.train_loss) as loss_train,
        six_decimals(summary.valid_loss) as loss_valid,
        six_decimals(summary.test_loss) as loss_test,
        six_decimals(cell.train_accuracy * 100) as acc_train,
        six_decimals(cell.valid_accuracy * 100) as acc_valid,
        six_decimals(cell.test_accuracy * 100) as acc_test
    from nasbench201_meta_dataset(of_dataset, 200) as cell
    inner join architecture on cell.arch_id = architecture.arch_id
    inner join cell_metric as summary
        on
            cell.arch_id = summary.arch_id
            and cell.epoch = summary.epoch
            and summary.dataset = of_dataset
            and summary.schedule_epochs = 200
    where cell.epoch = of_epoch
    order by cell.arch_index;

comment on macro table nasbench101_published_layout is 'Rows of a CSV file of the paper';  -- noqa: PRS
comment on macro table nasbench201_published_layout is 'Rows of a CSV file of the paper';  -- noqa: PRS
comment on macro six_decimals is 'A number with six decimals; NULL where not measured';  -- noqa: PRS
comment on macro python_list is 'The text of a list in Python';  -- noqa: PRS
comment on macro numpy_matrix is 'The text of a matrix in NumPy';  -- noqa: PRS
comment on macro edge_number is 'The number of an operation in the adjacency matrix of the paper';  -- noqa: PRS
comment on macro edge_matrix is 'The adjacency matrix of a NAS-Bench-201 cell as the paper writes it';  -- noqa: PRS
