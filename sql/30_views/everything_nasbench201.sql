-- All that is held of NAS-Bench-201 cells on one data set, a row a cell; NULL where nothing is held.
create or replace view everything_nasbench201_cifar10 as
from nasbench201_everything('cifar10-valid', 'cifar10');

comment on view everything_nasbench201_cifar10 is
'NAS-Bench-201 cells on CIFAR-10: meta-features, accuracies after 200 epochs, devices, robustness and published proxies; NULL where not held';

create or replace view everything_nasbench201_cifar100 as
from nasbench201_everything('cifar100', 'cifar100');

comment on view everything_nasbench201_cifar100 is
'NAS-Bench-201 cells on CIFAR-100: meta-features, accuracies after 200 epochs, devices, robustness and published proxies; NULL where not held';

create or replace view everything_nasbench201_imagenet16_120 as
from nasbench201_everything('ImageNet16-120', 'ImageNet16-120');

comment on view everything_nasbench201_imagenet16_120 is
'NAS-Bench-201 cells on ImageNet16-120: meta-features, accuracies after 200 epochs, devices, robustness and published proxies; NULL where not held';
