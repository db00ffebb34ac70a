create or replace view meta_nasbench201_cifar10valid_1epochs as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch = 1;

comment on view meta_nasbench201_cifar10valid_1epochs is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 1 epoch';
