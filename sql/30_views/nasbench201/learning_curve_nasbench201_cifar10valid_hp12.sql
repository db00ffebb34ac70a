create or replace view learning_curve_nasbench201_cifar10valid_hp12 as
from nasbench201_meta_dataset('cifar10-valid', 12);

comment on view learning_curve_nasbench201_cifar10valid_hp12 is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the separate 12-epoch schedule after every epoch';
