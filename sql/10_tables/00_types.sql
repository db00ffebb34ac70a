-- Names that occur in millions of rows, kept as small numbers.
create type benchmark_name as enum('nasbench101', 'nasbench201', 'natsbench_sss');

create type dataset_name as enum('cifar10', 'cifar10-valid', 'cifar100', 'ImageNet16-120');

create type operation_name as enum(
    'conv1x1-bn-relu', 'conv3x3-bn-relu', 'maxpool3x3',
    'none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'
);
