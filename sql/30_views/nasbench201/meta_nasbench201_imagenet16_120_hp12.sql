create or replace view meta_nasbench201_imagenet16_120_hp12 as
from nasbench201_meta_dataset('ImageNet16-120', 12)
where epoch = 12;

comment on view meta_nasbench201_imagenet16_120_hp12 is
'NAS-Bench-201 cells trained on ImageNet16-120: the separate 12-epoch schedule, after its last epoch';
