#include "attention.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BODY "gat_inputs_body.h"
#include "each_isa.h"

void halo_gat_inputs_forward(halo_isa isa, const halo_attention *a, size_t destination_row, const float *source_vectors,
                             const float *destination_vectors, float *out, size_t out_stride) {
  CALL(isa, gat_inputs_forward, a, destination_row, source_vectors, destination_vectors, out, out_stride)
}

void halo_gat_inputs_backward(halo_isa isa, const halo_attention *a, size_t destination_row, const float *source_vectors,
                              const float *destination_vectors, const float *out, size_t out_stride, const float *gradient,
                              size_t gradient_stride, float *source_sums, float *destination_sums) {
  CALL(isa, gat_inputs_backward, a, destination_row, source_vectors, destination_vectors, out, out_stride, gradient, gradient_stride,
       source_sums, destination_sums)
}
