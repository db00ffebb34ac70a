create or replace view learning_curve_nasbench201_cifar100_hp12 as
from nasbench201_meta_dataset('cifar100', 12);

comment on view learning_curve_nasbench201_cifar100_hp12 is
'NAS-Bench-201 cells trained on CIFAR-100: the separate 12-epoch schedule after every epoch';
