create or replace view meta_natsbench_sss_imagenet16_120_90epochs as
from natsbench_sss_meta_dataset('ImageNet16-120', 90);

comment on view meta_natsbench_sss_imagenet16_120_90epochs is
'Networks of the NATS-Bench size space trained on ImageNet16-120: the separate 90-epoch schedule, after its last epoch';
