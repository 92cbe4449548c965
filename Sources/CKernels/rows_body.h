#include "elements.h"

// How many rows early a row is asked for, where rows lie apart.
#define AHEAD 16

// Row first + i of `count`; rows further on are asked for.
static inline __attribute__((always_inline)) const char *NAME(next_row)(const halo_rows *rows, size_t first, size_t i, size_t count,
                                                                        size_t row_bytes) {
  if (!rows->references) return rows->base + rows->stride * (first + i);
  if (i + AHEAD < count) halo_ask_for(NAME(row)(rows, first + i + AHEAD, 1), row_bytes);
  return NAME(row)(rows, first + i, 1);
}

#define ROW_BODY "each_row.h"
#include "each_element.h"
#undef ROW_BODY
#undef AHEAD

static void NAME(copy_rows)(const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales, float *out,
                            size_t out_stride) {
  CALL_TYPED(rows->element, copy_rows, rows, first, count, width, scales, out, out_stride)
}

static void NAME(blend_rows)(const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales,
                             const float *factors, float *out, size_t out_stride) {
  CALL_TYPED(rows->element, blend_rows, rows, first, count, width, scales, factors, out, out_stride)
}

static void NAME(sum_rows)(const halo_rows *rows, size_t first, size_t count, size_t width, float *sums) {
  CALL_TYPED(rows->element, sum_rows, rows, first, count, width, sums)
}
