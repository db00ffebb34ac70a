create or replace view meta_nasbench201_imagenet16_120_4epochs as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch = 4;

comment on view meta_nasbench201_imagenet16_120_4epochs is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 4 epochs';
