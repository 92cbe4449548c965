#include "attention.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BODY "heads_body.h"
#include "each_isa.h"

void halo_exp(halo_isa isa, float *x, size_t count) { CALL(isa, exp_all, x, count) }

void halo_head_dots(halo_isa isa, const float *x, size_t x_stride, const float *y, size_t y_stride, size_t count, size_t heads,
                    size_t width, float *out, size_t out_stride) {
  CALL(isa, head_dots, x, x_stride, y, y_stride, count, heads, width, out, out_stride)
}

void halo_head_products(halo_isa isa, const float *factors, size_t factor_stride, const float *y, size_t count, size_t heads,
                        size_t width, int accumulate, float *x, size_t x_stride) {
  CALL(isa, head_products, factors, factor_stride, y, count, heads, width, accumulate, x, x_stride)
}

void halo_head_sums(halo_isa isa, const float *factors, size_t factor_stride, const float *x, size_t x_stride, size_t count,
                    size_t heads, size_t width, float *sums) {
  CALL(isa, head_sums, factors, factor_stride, x, x_stride, count, heads, width, sums)
}
