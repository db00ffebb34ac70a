create or replace view meta_nasbench201_cifar10_hp12 as
from nasbench201_meta_dataset('cifar10', 12)
where epoch = 12;

comment on view meta_nasbench201_cifar10_hp12 is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the separate 12-epoch schedule, after its last epoch';
