-- The meta-datasets of the size space of NATS-Bench: a view for each data set and schedule.
create or replace view meta_natsbench_sss_cifar100_12epochs as
from natsbench_sss_meta_dataset('cifar100', 12);

comment on view meta_natsbench_sss_cifar100_12epochs is
'Networks of the NATS-Bench size space trained on CIFAR-100: the separate 12-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar100_1epochs as
from natsbench_sss_meta_dataset('cifar100', 1);

comment on view meta_natsbench_sss_cifar100_1epochs is
'Networks of the NATS-Bench size space trained on CIFAR-100: the separate 1-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar100_90epochs as
from natsbench_sss_meta_dataset('cifar100', 90);

comment on view meta_natsbench_sss_cifar100_90epochs is
'Networks of the NATS-Bench size space trained on CIFAR-100: the separate 90-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar10_12epochs as
from natsbench_sss_meta_dataset('cifar10', 12);

comment on view meta_natsbench_sss_cifar10_12epochs is
'Networks of the NATS-Bench size space trained on all of CIFAR-10''s training set (no validation set): the separate 12-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar10_1epochs as
from natsbench_sss_meta_dataset('cifar10', 1);

comment on view meta_natsbench_sss_cifar10_1epochs is
'Networks of the NATS-Bench size space trained on all of CIFAR-10''s training set (no validation set): the separate 1-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar10_90epochs as
from natsbench_sss_meta_dataset('cifar10', 90);

comment on view meta_natsbench_sss_cifar10_90epochs is
'Networks of the NATS-Bench size space trained on all of CIFAR-10''s training set (no validation set): the separate 90-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar10valid_12epochs as
from natsbench_sss_meta_dataset('cifar10-valid', 12);

comment on view meta_natsbench_sss_cifar10valid_12epochs is
'Networks of the NATS-Bench size space trained on half of CIFAR-10''s training set: the separate 12-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar10valid_1epochs as
from natsbench_sss_meta_dataset('cifar10-valid', 1);

comment on view meta_natsbench_sss_cifar10valid_1epochs is
'Networks of the NATS-Bench size space trained on half of CIFAR-10''s training set: the separate 1-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_cifar10valid_90epochs as
from natsbench_sss_meta_dataset('cifar10-valid', 90);

comment on view meta_natsbench_sss_cifar10valid_90epochs is
'Networks of the NATS-Bench size space trained on half of CIFAR-10''s training set: the separate 90-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_imagenet16_120_12epochs as
from natsbench_sss_meta_dataset('ImageNet16-120', 12);

comment on view meta_natsbench_sss_imagenet16_120_12epochs is
'Networks of the NATS-Bench size space trained on ImageNet16-120: the separate 12-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_imagenet16_120_1epochs as
from natsbench_sss_meta_dataset('ImageNet16-120', 1);

comment on view meta_natsbench_sss_imagenet16_120_1epochs is
'Networks of the NATS-Bench size space trained on ImageNet16-120: the separate 1-epoch schedule, after its last epoch';

create or replace view meta_natsbench_sss_imagenet16_120_90epochs as
from natsbench_sss_meta_dataset('ImageNet16-120', 90);

comment on view meta_natsbench_sss_imagenet16_120_90epochs is
'Networks of the NATS-Bench size space trained on ImageNet16-120: the separate 90-epoch schedule, after its last epoch';
