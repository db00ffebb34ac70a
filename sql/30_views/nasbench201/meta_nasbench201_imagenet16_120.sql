create or replace view meta_nasbench201_imagenet16_120 as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch in (1, 4, 12, 36, 200);

comment on view meta_nasbench201_imagenet16_120 is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 1, 4, 12, 36 and 200 epochs';
