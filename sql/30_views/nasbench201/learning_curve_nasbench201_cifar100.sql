create or replace view learning_curve_nasbench201_cifar100 as
from nasbench201_meta_dataset('cifar100', 200);

comment on view learning_curve_nasbench201_cifar100 is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after every epoch';
