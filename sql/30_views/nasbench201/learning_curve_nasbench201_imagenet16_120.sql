create or replace view learning_curve_nasbench201_imagenet16_120 as
from nasbench201_meta_dataset('ImageNet16-120', 200);

comment on view learning_curve_nasbench201_imagenet16_120 is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after every epoch';
