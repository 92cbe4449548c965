// GAT before its product: scores and sums of input rows that all heads share. A destination's rows are read once from memory and
// then, head after head, from the cache.

#include "softmax_body.h"

typedef struct NAME(score_vectors) {
  const float *source, *destination;
  size_t destination_row;
} NAME(score_vectors);

// A row's product with a head's vector.
INLINE float NAME(input_score)(const halo_attention *a, size_t row, const float *vector) {
  float dot = NAME(dot)(NAME(row_at)(a, row), vector, a->width);
  return a->factors ? dot * a->factors[row] : dot;
}

static inline void NAME(score_inputs)(const NAME(destination) * d, size_t k, const void *extra, size_t i) {
  const NAME(score_vectors) *v = extra;
  size_t column = d->a->width * k;
  float destination = NAME(input_score)(d->a, v->destination_row + i, v->destination + column);
  for (size_t e = 0; e < d->count; e++) {
    if (k == 0 && e < d->edges) NAME(ask)(d, e);
    d->values[e] = NAME(leaky)(NAME(input_score)(d->a, NAME(row_number)(d, e), v->source + column) + destination);
  }
}

static void NAME(gat_inputs_forward)(const halo_attention *a, size_t destination_row, const float *source_vectors,
                                     const float *destination_vectors, float *out, size_t out_stride) {
  NAME(score_vectors) v = {source_vectors, destination_vectors, destination_row};
  NAME(attend)(a, NAME(score_inputs), &v, out, out_stride);
}

// The gradient of a score before the softmax is softmax * (gradient of the coefficient - sum over the destination's edges of
// softmax * gradient of the coefficient), and that sum is the product of the destination's output and its gradient.
INLINE void NAME(head_gradient)(const NAME(destination) * d, size_t k, const NAME(score_vectors) * v, size_t i, const float *out,
                                const float *gradient, float *source_sum, float *destination_sum, float *scratch) {
  const halo_attention *a = d->a;
  const float *vector = v->source + a->width * k;
  float destination = NAME(input_score)(a, v->destination_row + i, v->destination + a->width * k);
  float product = NAME(dot)(out, gradient, a->width), total = 0;
  for (size_t e = 0; e < d->count; e++) {
    if (k == 0 && e < d->edges) NAME(ask)(d, e);
    size_t row = NAME(row_number)(d, e);
    float noted = a->coefficients[(d->first_slot + e) * a->heads + k];
    float coefficient = noted > 0 ? NAME(input_score)(a, row, gradient) * a->scale : 0;
    float score = __builtin_fabsf(noted) * (coefficient - product);
    if (!(NAME(input_score)(a, row, vector) + destination > 0)) score *= HALO_LEAKY_SLOPE;
    total += score;
    d->values[e] = score;
  }
  NAME(apply_factors)(d);
  NAME(add_head)(d, k, scratch);
  NAME(add_product)(source_sum, 1, scratch, a->width, source_sum);
  if (a->factors) total *= a->factors[v->destination_row + i];
  NAME(add_product)(destination_sum, total, NAME(row_at)(a, v->destination_row + i), a->width, destination_sum);
}

static void NAME(gat_inputs_backward)(const halo_attention *a, size_t destination_row, const float *source_vectors,
                                      const float *destination_vectors, const float *out, size_t out_stride,
                                      const float *gradient, size_t gradient_stride, float *source_sums, float *destination_sums) {
  NAME(score_vectors) v = {source_vectors, destination_vectors, destination_row};
  char stack[16384] __attribute__((aligned(64)));
  for (size_t i = 0; i < a->count; i++) {
    NAME(destination) d = NAME(destination_at)(a, i);
    if (d.count == 0) continue;
    size_t room = 16 * NAME(blocks)(d.count), bytes = (room + a->width) * sizeof(float);
    char *memory = bytes <= sizeof(stack) ? stack : malloc(bytes);
    if (!memory) abort();
    d.values = (float *)memory;
    for (size_t k = 0; k < a->heads; k++) {
      size_t column = a->width * k;
      NAME(head_gradient)(&d, k, &v, i, out + out_stride * i + column, gradient + gradient_stride * i + column, source_sums + column,
                          destination_sums + column, d.values + room);
    }
    if (memory != stack) free(memory);
  }
}

#undef VECTOR
#undef INLINE
#undef HEAD_STRIP
