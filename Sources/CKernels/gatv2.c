#include "attention.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BODY "gatv2_body.h"
#include "each_isa.h"

void halo_gatv2_forward(halo_isa isa, const halo_attention *a, const float *destination_rows, size_t destination_stride,
                        const float *vectors, uint16_t *signs, float *out, size_t out_stride) {
  CALL(isa, gatv2_forward, a, destination_rows, destination_stride, vectors, signs, out, out_stride)
}

void halo_gatv2_backward(halo_isa isa, const halo_attention_transposed *a, const uint16_t *signs, const float *vectors,
                         float *vectors_gradient, float *out, size_t out_stride) {
  CALL(isa, gatv2_backward, a, signs, vectors, vectors_gradient, out, out_stride)
}

void halo_gatv2_backward_destinations(halo_isa isa, const halo_attention *a, const float *score_gradients, const uint16_t *signs,
                                      const float *destination_rows, size_t destination_stride, const float *vectors,
                                      float *vectors_gradient, float *out, size_t out_stride) {
  CALL(isa, gatv2_backward_destinations, a, score_gradients, signs, destination_rows, destination_stride, vectors, vectors_gradient, out,
       out_stride)
}
