/* SPDX-License-Identifier: Apache-2.0
 *
 * find_kind - which build of find.c the processor at hand can run. */
#include "index/find.h"

const struct find_kind *find_kind_here(void)
{
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2"))
        return &find_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        return &find_avx2;
#endif
    return &find_plain;
}
