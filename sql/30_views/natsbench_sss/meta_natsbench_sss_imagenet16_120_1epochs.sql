create or replace view meta_natsbench_sss_imagenet16_120_1epochs as
from natsbench_sss_meta_dataset('ImageNet16-120', 1);

comment on view meta_natsbench_sss_imagenet16_120_1epochs is
'Networks of the NATS-Bench size space trained on ImageNet16-120: the separate 1-epoch schedule, after its last epoch';
