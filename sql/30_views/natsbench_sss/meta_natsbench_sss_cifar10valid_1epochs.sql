create or replace view meta_natsbench_sss_cifar10valid_1epochs as
from natsbench_sss_meta_dataset('cifar10-valid', 1);

comment on view meta_natsbench_sss_cifar10valid_1epochs is
'Networks of the NATS-Bench size space trained on half of CIFAR-10''s training set: the separate 1-epoch schedule, after its last epoch';
