create or replace view learning_curve_nasbench201_cifar10 as
from nasbench201_meta_dataset('cifar10', 200);

comment on view learning_curve_nasbench201_cifar10 is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after every epoch';
