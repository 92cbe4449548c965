#pragma once
#include <cblas-openblas.h>

// OpenBLAS chooses its kernels for the processor when it is loaded, and exports the two halves of that choice without
// declaring them; builds for a single processor have neither.
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

/// Chooses again, by the environment as it is now. Returns 0 where the library has no choice.
static inline int openblas_choose_core(void) {
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return 0;
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  return 1;
}
