#include "ckernels.h"

halo_isa halo_isa_detect(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    return halo_isa_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c")) return halo_isa_avx2;
#endif
  return halo_isa_portable;
}
