create or replace view meta_natsbench_sss_cifar10valid_12epochs as
from natsbench_sss_meta_dataset('cifar10-valid', 12);

comment on view meta_natsbench_sss_cifar10valid_12epochs is
'Networks of the NATS-Bench size space trained on half of CIFAR-10''s training set: the separate 12-epoch schedule, after its last epoch';
