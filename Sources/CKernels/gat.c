#include "attention.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BODY "gat_body.h"
#include "each_isa.h"

void halo_gat_forward(halo_isa isa, const halo_attention *a, const float *source_scores, size_t source_stride,
                      const float *destination_scores, size_t destination_stride, float *out, size_t out_stride) {
  CALL(isa, gat_forward, a, source_scores, source_stride, destination_scores, destination_stride, out, out_stride)
}

void halo_gat_backward(halo_isa isa, const halo_attention_transposed *a, const float *source_scores, size_t source_stride,
                       const float *destination_scores, size_t destination_stride, const float *vectors, float *vectors_gradient,
                       float *out, size_t out_stride) {
  CALL(isa, gat_backward, a, source_scores, source_stride, destination_scores, destination_stride, vectors, vectors_gradient, out,
       out_stride)
}

void halo_gat_backward_destinations(halo_isa isa, const halo_attention *a, const float *score_gradients, float *out,
                                    size_t out_stride) {
  CALL(isa, gat_backward_destinations, a, score_gradients, out, out_stride)
}
