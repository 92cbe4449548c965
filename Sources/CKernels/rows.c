#include "ckernels.h"

#define BODY "rows_body.h"
#include "each_isa.h"

void halo_copy_rows(halo_isa isa, const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales, float *out,
                    size_t out_stride) {
  CALL(isa, copy_rows, rows, first, count, width, scales, out, out_stride)
}

void halo_blend_rows(halo_isa isa, const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales,
                     const float *factors, float *out, size_t out_stride) {
  CALL(isa, blend_rows, rows, first, count, width, scales, factors, out, out_stride)
}

void halo_sum_rows(halo_isa isa, const halo_rows *rows, size_t first, size_t count, size_t width, float *sums) {
  CALL(isa, sum_rows, rows, first, count, width, sums)
}
