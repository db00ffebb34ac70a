create or replace view learning_curve_nasbench201_cifar10valid as
from nasbench201_meta_dataset('cifar10-valid', 200);

comment on view learning_curve_nasbench201_cifar10valid is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after every epoch';
