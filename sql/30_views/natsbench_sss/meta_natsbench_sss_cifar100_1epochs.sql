create or replace view meta_natsbench_sss_cifar100_1epochs as
from natsbench_sss_meta_dataset('cifar100', 1);

comment on view meta_natsbench_sss_cifar100_1epochs is
'Networks of the NATS-Bench size space trained on CIFAR-100: the separate 1-epoch schedule, after its last epoch';
