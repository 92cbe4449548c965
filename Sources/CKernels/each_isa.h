// Includes BODY once for every instruction set, with
//   NAME(f)   the name of function f in this copy,
//   LANES     float32 lanes of the widest vector,
//   STRIP     vectors that the registers hold beside two temporaries,
//   CONVERTS_HALF  whether an instruction widens float16,
// and defines CALL(isa, f, ...), which runs the copy of `isa`.
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(f) JOIN(f, COPY)
// No product is fused into a sum: a fused copy would differ from the others in its last bits.
#pragma clang fp contract(off)

#define COPY portable
#define LANES 4
#define STRIP 12
#if defined(__aarch64__)
#define CONVERTS_HALF 1
#else
#define CONVERTS_HALF 0
#endif
#include BODY
#undef COPY
#undef LANES
#undef STRIP
#undef CONVERTS_HALF

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)
#define COPY avx2
#define CONVERTS_HALF 1
#define LANES 8
#define STRIP 12
#include BODY
#undef COPY
#undef LANES
#undef STRIP
#undef CONVERTS_HALF
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq"))), apply_to = function)
#define COPY avx512
#define CONVERTS_HALF 1
#define LANES 16
#define STRIP 16
#include BODY
#undef COPY
#undef LANES
#undef STRIP
#undef CONVERTS_HALF
#pragma clang attribute pop

#define CALL(isa, f, ...)                                  \
  switch (isa) {                                           \
  case halo_isa_avx512: f##_avx512(__VA_ARGS__); break;    \
  case halo_isa_avx2: f##_avx2(__VA_ARGS__); break;        \
  case halo_isa_portable: f##_portable(__VA_ARGS__); break; \
  }
#else
#define CALL(isa, f, ...) f##_portable(__VA_ARGS__)
#endif
