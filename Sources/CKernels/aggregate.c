#include "ckernels.h"

#define BODY "aggregate_body.h"
#include "each_isa.h"

void halo_aggregate(halo_isa isa, const halo_edges *edges, const halo_rows *rows, size_t count, size_t width, int mean,
                    const float *initial, size_t initial_count, size_t initial_stride, float *out, size_t out_stride) {
  CALL(isa, aggregate, edges, rows, count, width, mean, initial, initial_count, initial_stride, out, out_stride)
}
