-- Learning curves of NAS-Bench-201: a view for each data set and schedule, after every epoch that is loaded.
create or replace view learning_curve_nasbench201_cifar10 as
from nasbench201_meta_dataset('cifar10', 200);

comment on view learning_curve_nasbench201_cifar10 is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after each epoch that is loaded';

create or replace view learning_curve_nasbench201_cifar100 as
from nasbench201_meta_dataset('cifar100', 200);

comment on view learning_curve_nasbench201_cifar100 is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after each epoch that is loaded';

create or replace view learning_curve_nasbench201_cifar100_hp12 as
from nasbench201_meta_dataset('cifar100', 12);

comment on view learning_curve_nasbench201_cifar100_hp12 is
'NAS-Bench-201 cells trained on CIFAR-100: the separate 12-epoch schedule after each epoch that is loaded';

create or replace view learning_curve_nasbench201_cifar10_hp12 as
from nasbench201_meta_dataset('cifar10', 12);

comment on view learning_curve_nasbench201_cifar10_hp12 is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the separate 12-epoch schedule after each epoch that is loaded';

create or replace view learning_curve_nasbench201_cifar10valid as
from nasbench201_meta_dataset('cifar10-valid', 200);

comment on view learning_curve_nasbench201_cifar10valid is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after each epoch that is loaded';

create or replace view learning_curve_nasbench201_cifar10valid_hp12 as
from nasbench201_meta_dataset('cifar10-valid', 12);

comment on view learning_curve_nasbench201_cifar10valid_hp12 is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the separate 12-epoch schedule after each epoch that is loaded';

create or replace view learning_curve_nasbench201_imagenet16_120 as
from nasbench201_meta_dataset('ImageNet16-120', 200);

comment on view learning_curve_nasbench201_imagenet16_120 is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after each epoch that is loaded';

create or replace view learning_curve_nasbench201_imagenet16_120_hp12 as
from nasbench201_meta_dataset('ImageNet16-120', 12);

comment on view learning_curve_nasbench201_imagenet16_120_hp12 is
'NAS-Bench-201 cells trained on ImageNet16-120: the separate 12-epoch schedule after each epoch that is loaded';
