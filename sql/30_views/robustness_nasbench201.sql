-- Accuracy of NAS-Bench-201 cells under attack: a row a cell, a column an attack.
create or replace view robustness_nasbench201_cifar10 as
select
    architecture.arch_id,
    architecture.native_key as arch_key,
    architecture.native_index::integer as arch_index,
    architecture.graph_id,
    architecture.functional_id,
    cell_value.aa_apgd_ce_linf_eps_0_1_accuracy,
    cell_value.aa_apgd_ce_linf_eps_0_5_accuracy,
    cell_value.aa_apgd_ce_linf_eps_1_accuracy,
    cell_value.aa_apgd_ce_linf_eps_2_accuracy,
    cell_value.aa_apgd_ce_linf_eps_3_accuracy,
    cell_value.aa_apgd_ce_linf_eps_4_accuracy,
    cell_value.aa_apgd_ce_linf_eps_8_accuracy,
    cell_value.aa_square_linf_eps_0_1_accuracy,
    cell_value.aa_square_linf_eps_0_5_accuracy,
    cell_value.aa_square_linf_eps_1_accuracy,
    cell_value.aa_square_linf_eps_2_accuracy,
    cell_value.aa_square_linf_eps_3_accuracy,
    cell_value.aa_square_linf_eps_4_accuracy,
    cell_value.aa_square_linf_eps_8_accuracy,
    cell_value.fgsm_linf_eps_0_1_accuracy,
    cell_value.fgsm_linf_eps_0_5_accuracy,
    cell_value.fgsm_linf_eps_1_accuracy,
    cell_value.fgsm_linf_eps_2_accuracy,
    cell_value.fgsm_linf_eps_3_accuracy,
    cell_value.fgsm_linf_eps_4_accuracy,
    cell_value.fgsm_linf_eps_5_accuracy,
    cell_value.fgsm_linf_eps_6_accuracy,
    cell_value.fgsm_linf_eps_7_accuracy,
    cell_value.fgsm_linf_eps_8_accuracy,
    cell_value.fgsm_linf_eps_255_accuracy,
    cell_value.pgd_linf_eps_0_1_accuracy,
    cell_value.pgd_linf_eps_0_5_accuracy,
    cell_value.pgd_linf_eps_1_accuracy,
    cell_value.pgd_linf_eps_2_accuracy,
    cell_value.pgd_linf_eps_3_accuracy,
    cell_value.pgd_linf_eps_4_accuracy,
    cell_value.pgd_linf_eps_8_accuracy
from cell_value
inner join architecture
    on
        cell_value.arch_id = architecture.arch_id
        and architecture.benchmark = 'nasbench201'
where
    cell_value.dataset = 'cifar10'
    and coalesce(
        cell_value.aa_apgd_ce_linf_eps_0_1_accuracy,
        cell_value.aa_apgd_ce_linf_eps_0_5_accuracy,
        cell_value.aa_apgd_ce_linf_eps_1_accuracy,
        cell_value.aa_apgd_ce_linf_eps_2_accuracy,
        cell_value.aa_apgd_ce_linf_eps_3_accuracy,
        cell_value.aa_apgd_ce_linf_eps_4_accuracy,
        cell_value.aa_apgd_ce_linf_eps_8_accuracy,
        cell_value.aa_square_linf_eps_0_1_accuracy,
        cell_value.aa_square_linf_eps_0_5_accuracy,
        cell_value.aa_square_linf_eps_1_accuracy,
        cell_value.aa_square_linf_eps_2_accuracy,
        cell_value.aa_square_linf_eps_3_accuracy,
        cell_value.aa_square_linf_eps_4_accuracy,
        cell_value.aa_square_linf_eps_8_accuracy,
        cell_value.fgsm_linf_eps_0_1_accuracy,
        cell_value.fgsm_linf_eps_0_5_accuracy,
        cell_value.fgsm_linf_eps_1_accuracy,
        cell_value.fgsm_linf_eps_2_accuracy,
        cell_value.fgsm_linf_eps_3_accuracy,
        cell_value.fgsm_linf_eps_4_accuracy,
        cell_value.fgsm_linf_eps_5_accuracy,
        cell_value.fgsm_linf_eps_6_accuracy,
        cell_value.fgsm_linf_eps_7_accuracy,
        cell_value.fgsm_linf_eps_8_accuracy,
        cell_value.fgsm_linf_eps_255_accuracy,
        cell_value.pgd_linf_eps_0_1_accuracy,
        cell_value.pgd_linf_eps_0_5_accuracy,
        cell_value.pgd_linf_eps_1_accuracy,
        cell_value.pgd_linf_eps_2_accuracy,
        cell_value.pgd_linf_eps_3_accuracy,
        cell_value.pgd_linf_eps_4_accuracy,
        cell_value.pgd_linf_eps_8_accuracy
    ) is not null;

comment on view robustness_nasbench201_cifar10 is
'NAS-Bench-201 cells under attack: accuracy on images of CIFAR-10, a column an attack; NULL where not measured';
