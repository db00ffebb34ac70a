create or replace view meta_natsbench_sss_cifar100_12epochs as
from natsbench_sss_meta_dataset('cifar100', 12);

comment on view meta_natsbench_sss_cifar100_12epochs is
'Networks of the NATS-Bench size space trained on CIFAR-100: the separate 12-epoch schedule, after its last epoch';
