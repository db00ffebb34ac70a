create or replace view meta_natsbench_sss_cifar10_90epochs as
from natsbench_sss_meta_dataset('cifar10', 90);

comment on view meta_natsbench_sss_cifar10_90epochs is
'Networks of the NATS-Bench size space trained on all of CIFAR-10''s training set (no validation set): the separate 90-epoch schedule, after its last epoch';
